// What jupyterquiz leaves out, done once its questions are on the page:
// each answer a button for the keyboard, each group and field with its name,
// and feedback that a screen reader says aloud.
(function mend() {
  const questions = document.querySelectorAll("#QUIZ_ID > .Quiz");
  if (!questions.length) {
    setTimeout(mend, 200); // a notebook puts the output in its place later
    return;
  }
  questions.forEach((question) => {
    const text = question.querySelector("[id^=quizQn]");
    question.setAttribute("role", "group");
    question.setAttribute("aria-labelledby", text.id);
    question.querySelector(".Feedback").setAttribute("role", "status");
    // As radio buttons, the arrow keys would answer whatever they pass.
    question.querySelectorAll(".MCButton input").forEach((input) => {
      input.type = "button";
      input.nextSibling.id = `${input.id}-text`;
      input.setAttribute("aria-labelledby", input.nextSibling.id);
    });
    const field = question.querySelector(".Input-text");
    if (!field) return;
    const label = question.querySelector(".InpLabel");
    label.htmlFor = field.id;
    label.textContent = "Your number, with a point:";
    field.autocomplete = "off";
    field.onpaste = null; // jupyterquiz forbids it
    const check = document.createElement("button"); // for phones
    check.type = "button";
    check.className = "Check";
    check.textContent = "Check";
    check.onclick = () => check_numeric(field, { keyCode: 13 });
    field.after(check);
  });
})();
