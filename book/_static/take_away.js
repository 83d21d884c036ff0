/* A notebook comes as a file, whatever kind the server says it is. A page that
   was opened as a file itself may read only scripts: there it comes in one. */
"use strict";

for (const link of document.querySelectorAll("a[href*='/take_away/']")) {
  link.download = link.pathname.split("/").at(-1);
  link.removeAttribute("target");
  if (location.protocol !== "file:" || !link.href.endsWith(".ipynb")) continue;
  link.addEventListener("click", (event) => {
    if (link.href.startsWith("blob:")) return;
    event.preventDefault();
    window.takeAway = (text) => {
      link.href = URL.createObjectURL(new Blob([text]));
      link.click();
    };
    const script = document.createElement("script");
    script.src = `${link.href}.js`;
    document.head.append(script);
  });
}
