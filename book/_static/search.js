/* Finds sections by what is asked for, and shows them, the likeliest first. */
"use strict";

(() => {
  const COMMON = new Set(
    "a an and are as at be but by can do does for from get gets give gives given has have how i if in into is it its me my no not of on or s should so t that the then there this to use using was we what when where which why with you your"
      .split(" ")
  );
  // Of a question, what tells no section of this book from another.
  const EVERYWHERE = new Set(
    "attributeerror error keras lstm lstms model models network networks neural problem python pytorch question rnn rnns runtimeerror tensorflow torch train trained training typeerror userwarning valueerror warning"
      .split(" ")
  );
  // What people say, and what others say for it.
  const ALIKE = [
    "predict prediction forecast",
    "decrease fall drop",
    "increase rise grow climb higher",
    "constant same",
    "change move improve",
    "different differ vary unstable nondeterministic",
    "shift lag delay yesterday",
    "repeat loop",
    "gpu cuda cudnn device",
    "slow fast speed",
    "initial first",
    "sentence text",
    "test validation val unseen",
    "leak leakage bias",
    "ignore mask",
  ].map((words) => words.split(" "));
  const MANY = 30;

  // "hidden_size" is found by itself and by its parts.
  const tokenize = (text) =>
    text
      .toLowerCase()
      .replace(/[’']/g, " ")
      .split(/[^\p{L}\p{N}_]+/u)
      .flatMap((word) => (/._./.test(word) ? [word, ...word.split("_")] : [word]))
      .filter((word) => word && !COMMON.has(word));

  const stem = (word) =>
    word.length < 5 || word.includes("_")
      ? word
      : word.replace(/(i[sz]ations?|i[sz](e|ed|es|ing)|ations?|ions?|ing|ed|es|ly|s|e)$/, "");

  const { rows, also } = window.bookIndex;
  const mini = new MiniSearch({
    fields: ["title", "asked", "page", "text"],
    tokenize,
    processTerm: stem,
  });
  mini.addAll(
    rows.map(([, title, page, text, asked], id) => ({ id, title, asked, page, text }))
  );

  // What explains comes before what asks or lists; headings in people's words first.
  const weight = (place) =>
    /^book\/symptoms/.test(place) ? 1.5
    : /^(exercises|solutions|genindex|book\/(api|claims|index|notation|checks|teachers|grading))/.test(place) ? 0.3
    : 1;

  // What people call a thing, beside what the book calls it.
  const terms = (query) => {
    const asked = ` ${tokenize(query).join(" ")} `;
    return Object.entries(also)
      .filter(([name]) => asked.includes(` ${tokenize(name).join(" ")} `))
      .map(([, term]) => term);
  };

  const alike = (word) =>
    ALIKE.find((words) => words.some((other) => stem(other) === word))?.map(stem) ?? [word];

  const find = (query) => {
    const words = tokenize(query);
    const telling = words.filter((word) => !EVERYWHERE.has(word));
    const asked = [...new Set((telling.length ? telling : words).map(stem))];
    const others = new Set(
      [...asked.flatMap(alike), ...tokenize(terms(query).join(" ")).map(stem)]
        .filter((word) => !asked.includes(word))
    );
    // The share of the question that a section has.
    const share = (found) =>
      asked.filter((word) => alike(word).some((other) => found.includes(other))).length / asked.length;
    return mini
      .search([...asked, ...others].join(" "), {
        boost: { title: 4, asked: 3, page: 2 },
        boostTerm: (word) => (others.has(word) ? 0.5 : 1),
        prefix: (term) => term.length > 2,
        fuzzy: (term) => (term.length > 4 ? 0.2 : false),
        weights: { fuzzy: 0.2, prefix: 0.5 },
        boostDocument: (id) => weight(rows[id][0]),
      })
      .map(({ id, match, queryTerms, score }) => ({
        row: rows[id],
        marks: Object.keys(match),
        score: score * share(queryTerms),
      }))
      .sort((a, b) => b.score - a.score)
      .slice(0, MANY);
  };

  // The words of a text that the marks are stems of.
  const surface = (text, marks) => {
    const found = new Set();
    for (const word of tokenize(text))
      if (marks.includes(stem(word))) found.add(word);
    return [...found];
  };

  const excerpt = (text, found) => {
    const low = text.toLowerCase();
    const first = Math.min(
      ...found.map((word) => low.indexOf(word)).filter((at) => at >= 0)
    );
    const begin = first < 120 || first === Infinity ? 0 : low.lastIndexOf(" ", first - 60) + 1;
    const part = text.slice(begin, begin + 240);
    return (begin ? "… " : "") + part.replace(/\s\S*$/, "") + " …";
  };

  // Text with some words marked: no string becomes HTML.
  const marked = (element, text, found) => {
    if (!found.length) return element.append(text);
    const words = found
      .map((word) => word.replace(/[.*+?^${}()|[\]\\]/g, "\\$&"))
      .sort((a, b) => b.length - a.length);
    for (const [k, part] of text.split(new RegExp(`(${words.join("|")})`, "i")).entries()) {
      const piece = k % 2 ? document.createElement("mark") : part;
      if (k % 2) piece.append(part);
      element.append(piece);
    }
  };

  const show = (query) => {
    const list = document.getElementById("search-results");
    const hits = find(query);
    list.replaceChildren(
      ...hits.map(({ row: [place, title, page, text], marks }) => {
        const found = surface(`${title} ${text}`, marks);
        const [file, anchor] = place.split("#");
        const link = document.createElement("a");
        const words = encodeURIComponent(found.slice(0, 8).join(" "));
        link.href = `${file}?highlight=${words}#${anchor}`;
        link.append(title);
        const where = document.createElement("span");
        where.append(title === page ? "" : page);
        const lines = document.createElement("p");
        marked(lines, excerpt(text, found), found);
        const item = document.createElement("li");
        item.append(link, where, lines);
        return item;
      })
    );
    const most = hits.length === MANY ? "The likeliest " : "";
    document.getElementById("search-count").textContent =
      hits.length ? `${most}${hits.length} places, best first` : "Nothing found. Try other words, or fewer.";
  };

  window.bookSearch = (query) => find(query).map(({ row }) => row[0]);
  const field = document.querySelector(".bd-search-container input[name=q]");
  const asked = new URLSearchParams(location.search).get("q") ?? "";
  field.value = asked;
  if (asked) show(asked);
  else field.focus();
})();
