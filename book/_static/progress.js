/* Beside each chapter of the first page: how much of its quiz is answered. */
"use strict";

for (const link of document.querySelectorAll("table a[href$='.html']")) {
  const name = link.getAttribute("href").replace(/^.*\/|\.html$/g, "");
  let kept = null;
  try {
    kept = JSON.parse(localStorage.getItem(`unrolled quiz_${name}`));
  } catch {} // it may be forbidden
  if (!kept) continue;
  const done = document.createElement("span");
  done.className = "progress-note";
  done.textContent = ` quiz: ${kept.right} of ${kept.of}`;
  link.after(done);
}
