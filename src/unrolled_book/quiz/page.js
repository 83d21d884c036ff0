// What jupyterquiz leaves out, done once its questions are on the page: each
// answer a button for the keyboard, each group and field with its name, feedback
// that a screen reader says aloud; and answers that are there again tomorrow.
(function mend() {
  const quiz = document.getElementById("QUIZ_ID");
  const questions = [...quiz.querySelectorAll(":scope > .Quiz")];
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
    label.textContent = "Your number:";
    field.autocomplete = "off";
    field.onpaste = null; // jupyterquiz forbids it
    const answer = () => {
      field.value = number(field.value);
      remember(question, field.value);
      check_numeric(field, { keyCode: 13 });
      note();
    };
    field.onkeypress = (event) => {
      if (event.key === "Enter") answer();
      return /^[-−\d.,e/]$/i.test(event.key);
    };
    const check = document.createElement("button"); // for phones
    check.type = "button";
    check.className = "Check";
    check.textContent = "Check";
    check.onclick = answer;
    field.after(check);
  });

  // 0,25 and 3,7 are decimal numbers; the commas of 204,290 part thousands.
  function number(text) {
    const plain = text.trim().replace("−", "-");
    return /^-?[1-9]\d{0,2}(,\d{3})+$/.test(plain)
      ? plain.replaceAll(",", "")
      : plain.replace(",", ".");
  }

  // In this browser only: what was answered, in its order, by question.
  let store = { getItem: () => null, setItem() {}, removeItem() {} };
  try {
    store = window.localStorage ?? store;
  } catch {} // it may be forbidden
  let answers = {};
  function remember(question, what) {
    const which = questions.indexOf(question);
    const before = (answers[which] ?? []).filter((each) => each !== what);
    answers[which] = [...before, what];
  }
  function note() {
    const right = questions.filter((question) => {
      const said = question.querySelector(".Feedback");
      const many = /\[(\d+)\/(\d+)\]$/.exec(said.textContent);
      return said.classList.contains("correct") && (!many || many[1] === many[2]);
    });
    store.setItem(
      "unrolled QUIZ_ID",
      JSON.stringify({ answers, right: right.length, of: questions.length })
    );
    forget.hidden = false;
  }

  const forget = document.createElement("button");
  forget.type = "button";
  forget.className = "Check Forget";
  forget.textContent = "Forget my answers";
  forget.hidden = true;
  forget.onclick = () => {
    store.removeItem("unrolled QUIZ_ID");
    window.location.reload();
  };
  quiz.append(forget);

  const labels = (question) => [...question.querySelectorAll(".MCButton")];
  const name = (label) => label.querySelector("[id$=-text]").textContent;
  const kept = JSON.parse(store.getItem("unrolled QUIZ_ID") ?? '{"answers":{}}');
  quiz.inert = true; // nothing takes the focus meanwhile
  for (const [which, list] of Object.entries(kept.answers)) {
    const question = questions[which];
    for (const what of question ? list : []) {
      const field = question.querySelector(".Input-text");
      if (field) {
        field.value = what;
        check_numeric(field, { keyCode: 13 });
      } else {
        labels(question).find((label) => name(label) === what)?.click();
      }
      remember(question, what);
    }
  }
  quiz.inert = false;
  forget.hidden = !Object.keys(answers).length;
  questions.forEach((question) =>
    labels(question).forEach((label) =>
      label.addEventListener("click", () => {
        remember(question, name(label));
        note();
      })
    )
  );
})();
