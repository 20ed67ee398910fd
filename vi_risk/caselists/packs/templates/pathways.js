(() => {
  "use strict";
  const select = document.querySelector("#group");
  if (!select) return;
  const groups = Array.from(document.querySelectorAll("section.group"));
  const show = () => {
    for (const group of groups) group.hidden = group.dataset.code !== select.value;
  };
  // A link may name a practice: pathways.html#A12345
  const follow = () => {
    const named = groups.find((group) => `#${encodeURIComponent(group.dataset.code)}` === location.hash);
    if (named) select.value = named.dataset.code;
    show();
  };
  select.addEventListener("change", show);
  window.addEventListener("hashchange", follow);
  document.querySelector("#chooser").hidden = false;
  follow();
})();
