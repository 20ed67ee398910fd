(() => {
  "use strict";
  const select = document.querySelector("#group");
  if (!select) return;
  const groups = Array.from(document.querySelectorAll("section.group"));
  const show = () => {
    for (const group of groups) group.hidden = group.dataset.code !== select.value;
  };
  // A link may name a practice: pathways.html#A12345. Small ones lead to the group that they are shown with.
  const follow = () => {
    const named = Array.from(select.options).find((each) => `#${encodeURIComponent(each.dataset.code)}` === location.hash);
    if (named) named.selected = true;
    show();
  };
  select.addEventListener("change", show);
  window.addEventListener("hashchange", follow);
  document.querySelector("#chooser").hidden = false;
  follow();
})();
