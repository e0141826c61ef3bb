"use strict";
(() => {
  const rows = [...document.querySelectorAll(".list tbody tr")];
  const find = document.getElementById("find");
  const shown = document.getElementById("shown");
  const boxes = [...document.querySelectorAll('.filter input[type="checkbox"]')];
  const words = new Map();

  /** What a search looks in: the row, and the block that it leads to. */
  function wordsOf(row) {
    if (!words.has(row)) {
      const block = document.getElementById(row.dataset.of);
      const digest = row.querySelector("[title]");
      words.set(row, [row.textContent, digest ? digest.title : "", block ? block.textContent : ""].join(" ").toLowerCase());
    }
    return words.get(row);
  }

  function sift() {
    const wanted = find.value.toLowerCase().split(/\s+/).filter(Boolean);
    const kinds = new Set(boxes.filter((each) => each.checked).map((each) => each.id.slice("show-".length)));
    let left = 0;
    for (const row of rows) {
      const fits = wanted.every((word) => wordsOf(row).includes(word));
      const block = document.getElementById(row.dataset.of);
      row.hidden = !fits;
      if (block) block.hidden = !fits;
      if (fits && kinds.has(row.dataset.evidence || row.dataset.decision)) left += 1;
    }
    shown.textContent = left === rows.length ? "" : `${left} of ${rows.length} shown`;
  }

  find.closest("label").hidden = false;
  find.addEventListener("input", sift);
  boxes.forEach((each) => each.addEventListener("change", sift));
})();
