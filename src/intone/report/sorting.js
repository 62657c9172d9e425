// A click on a column's head sorts its table; without this script the tables are whole too.
for (const table of document.querySelectorAll("table")) {
  const [head] = table.tHead.rows, body = table.tBodies[0];
  if (body.rows.length < 3 || body.querySelector(".total")) continue;
  [...head.cells].forEach((cell, column) => {
    const button = document.createElement("button");
    button.textContent = cell.textContent;
    cell.replaceChildren(button);
    button.addEventListener("click", () => {
      const order = cell.ariaSort === "descending" ? 1 : -1;
      for (const other of head.cells) other.removeAttribute("aria-sort");
      cell.ariaSort = order < 0 ? "descending" : "ascending";
      const key = row => row.cells[column].textContent;
      const number = row => parseFloat(key(row).replace(/[,\s]/g, "").replace("−", "-"));
      const compare = (a, b) => number(a) - number(b) || key(a).localeCompare(key(b));
      body.append(...[...body.rows].sort((a, b) => order * compare(a, b)));
    });
  });
}
