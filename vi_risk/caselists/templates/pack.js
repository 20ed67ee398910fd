(() => {
  "use strict";
  const table = document.querySelector("table.list");
  if (!table) return;
  const controls = document.querySelector(".controls");
  const filter = document.querySelector("#filter");
  const shown = document.querySelector("#shown");
  const keys = document.querySelector("#keys");
  const body = table.tBodies[0];
  const patients = Array.from(body.rows, (row) => ({
    row,
    block: document.getElementById(row.dataset.patient),
    text: "",
  }));
  for (const patient of patients) {
    const details = patient.block.querySelectorAll("ol li, .facts dd");
    const texts = [patient.row.textContent, ...Array.from(details, (detail) => detail.textContent)];
    patient.text = texts.join(" ").toLowerCase();
  }
  controls.hidden = false;

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

  const apply = () => {
    const words = filter.value.toLowerCase().split(/\s+/).filter(Boolean);
    let count = 0;
    for (const { row, block, text } of patients) {
      const matches = words.every((word) => text.includes(word));
      row.hidden = block.hidden = !matches;
      count += matches;
    }
    shown.textContent = words.length ? `${count} of ${patients.length} shown: filtered by “${filter.value.trim()}”` : "";
  };
  filter.addEventListener("input", apply);

  const step = (by) => {
    const blocks = patients.map(({ block }) => block).filter((block) => !block.hidden);
    const here = blocks.indexOf(document.activeElement.closest(".patient"));
    const next = blocks[here < 0 ? (by > 0 ? 0 : blocks.length - 1) : here + by];
    if (next) next.focus();
  };
  document.addEventListener("keydown", (event) => {
    if (event.target === filter) {
      if (event.key === "Escape") {
        filter.value = "";
        apply();
      }
      return;
    }
    if (!keys.checked || event.ctrlKey || event.metaKey || event.altKey) return;
    if (event.key === "j") step(1);
    else if (event.key === "k") step(-1);
    else if (event.key === "/") {
      event.preventDefault();
      filter.focus();
    }
  });
})();
