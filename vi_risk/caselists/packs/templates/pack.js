(() => {
  "use strict";
  const table = document.querySelector("table.list");
  if (!table) return;
  const controls = document.querySelector(".controls");
  const filter = document.querySelector("#filter");
  const role = document.querySelector("#role");
  const theme = document.querySelector("#theme");
  const onlyNew = document.querySelector("#new");
  const shown = document.querySelector("#shown");
  const keys = document.querySelector("#keys");
  const body = table.tBodies[0];
  const patients = Array.from(body.rows, (row) => ({ row, block: document.getElementById(row.dataset.patient) }));
  controls.hidden = false;

  // On a phone lines are laid out as cards, and browsers then no longer tell of a table unless its parts say so.
  for (const [part, role] of Object.entries({
    "table.list": "table", ".list thead, .list tbody": "rowgroup", ".list tr": "row", ".list td": "cell",
    ".list thead th": "columnheader", ".list tbody th": "rowheader",
  })) for (const element of document.querySelectorAll(part)) element.setAttribute("role", role);

  const sortBy = (heading) => {
    const place = heading.cellIndex;
    const direction = heading.getAttribute("aria-sort") === "ascending" ? "descending" : "ascending";
    for (const other of table.tHead.rows[0].cells) other.removeAttribute("aria-sort");
    heading.setAttribute("aria-sort", direction);
    const sign = direction === "ascending" ? 1 : -1;
    const valueOf = ({ row }) => row.cells[place].dataset.value ?? row.cells[place].textContent.trim();
    const asNumber = (value) => (value === "" ? NaN : Number(value));
    const compare = (a, b) => {
      const [left, right] = [valueOf(a), valueOf(b)];
      if (left === right) return 0;
      if (left === "" || right === "") return (left === "") - (right === ""); // what was not seen stays last
      const numeric = !Number.isNaN(asNumber(left)) && !Number.isNaN(asNumber(right));
      return sign * (numeric ? asNumber(left) - asNumber(right) : left.localeCompare(right, "en-GB", { numeric: true }));
    };
    for (const { row } of patients.slice().sort(compare)) body.append(row);
  };
  for (const heading of table.tHead.rows[0].cells) {
    const button = document.createElement("button");
    button.type = "button";
    button.textContent = heading.textContent;
    button.addEventListener("click", () => sortBy(heading));
    heading.replaceChildren(button);
  }

  // What a filter searches: all that is said of a person, but not the dates of the timeline.
  const textOf = (patient) => {
    patient.text ??= [patient.row, ...patient.block.querySelectorAll("h3, .line, li, .facts dd, .decisions dd")]
      .map((part) => part.textContent)
      .join(" ")
      .toLowerCase();
    return patient.text;
  };
  const has = (chosen, places) => !chosen?.value || places.split(" ").includes(chosen.value);
  const chosenText = (select) => (select?.value ? select.selectedOptions[0].textContent.replace(/ \(\d+\)$/, "") : "");
  const apply = () => {
    const words = filter.value.toLowerCase().split(/\s+/).filter(Boolean);
    let count = 0;
    for (const patient of patients) {
      const { row, block } = patient;
      const matches =
        has(role, row.dataset.roles) &&
        has(theme, row.dataset.themes) &&
        (!onlyNew?.checked || "new" in row.dataset) &&
        words.every((word) => textOf(patient).includes(word));
      row.hidden = block.hidden = !matches;
      count += matches;
    }
    const by = [
      words.length ? `“${filter.value.trim()}”` : "",
      chosenText(role),
      chosenText(theme),
      onlyNew?.checked ? "new to the list" : "",
    ].filter(Boolean);
    shown.textContent = by.length ? `${count} of ${patients.length} shown: ${by.join(", ")}` : "";
  };
  filter.addEventListener("input", apply);
  for (const choice of [role, theme, onlyNew]) choice?.addEventListener("change", apply);

  const step = (by) => {
    const blocks = patients.map(({ block }) => block).filter((block) => !block.hidden);
    const here = blocks.indexOf(document.activeElement.closest(".patient"));
    const next = blocks[here < 0 ? (by > 0 ? 0 : blocks.length - 1) : here + by];
    if (!next) return;
    next.focus({ preventScroll: true });
    next.scrollIntoView({ block: "start" });
  };
  const stepRow = (row, by) => {
    let next = row;
    do next = by > 0 ? next.nextElementSibling : next.previousElementSibling;
    while (next?.hidden);
    next?.querySelector("a").focus();
  };
  const steps = { j: 1, k: -1, ArrowDown: 1, ArrowUp: -1 };
  document.addEventListener("keydown", (event) => {
    if (event.target === filter && event.key === "Escape") {
      filter.value = "";
      apply();
    }
    if (event.target.matches("input[type=search], select")) return;
    if (!keys.checked || event.ctrlKey || event.metaKey || event.altKey) return;
    const onBlock = event.target.matches(".patient");
    const row = event.target.matches(".list tbody a") && event.target.closest("tr");
    const by = steps[event.key];
    if (by && event.key.startsWith("Arrow")) {
      // Arrows scroll the page, unless a patient has the focus.
      if (!onBlock && !row) return;
      event.preventDefault();
      if (row) stepRow(row, by);
      else step(by);
    } else if (by) step(by);
    else if (event.key === "Enter" && onBlock) {
      const dates = event.target.querySelector("details");
      if (dates) dates.open = !dates.open;
    } else if (event.key === "/") {
      event.preventDefault();
      filter.focus();
    }
  });
})();
