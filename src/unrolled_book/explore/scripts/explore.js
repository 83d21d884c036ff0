// What all figures to touch share: sliders that show their number and take it
// typed, bars that are dragged, a reset, the settings in the address, words for
// a screen reader. A figure's own script adds to this
//
//   unrolled.figure("name", {
//     numbers: (state, data) => ({...}),     what is shown, by name
//     draw: (figure, numbers, state) => {},  puts it into Python's drawing
//     tell: (numbers, state) => "...",       says it
//   });
//
// Each output of a notebook carries this script; the first to run counts.
(function () {
  const unrolled = globalThis.unrolled || (globalThis.unrolled = {});
  if (unrolled.figure) return;

  // ---- Numbers as text, as in drawing.py, to the character ----------------

  const place = (value) => String(Math.floor(10 * value + 0.5) / 10);
  const minus = (value) => (value < 0 ? "−" : "");
  const fixed = (value, decimals = 4) => {
    const text = Math.abs(value).toFixed(decimals);
    return Number(text) ? minus(value) + text : text;
  };
  const grouped = (value) =>
    Math.floor(value + 0.5).toLocaleString("en-US");
  const raise = (sign) => "⁻⁰¹²³⁴⁵⁶⁷⁸⁹"["-0123456789".indexOf(sign)];
  const power = (value, decimals = 1) => {
    if (!value) return "0";
    const [digits, exponent] = Math.abs(value).toExponential(decimals)
      .split("e");
    const raised = [...String(Number(exponent))].map(raise).join("");
    return `${minus(value)}${digits}×10${raised}`;
  };
  const short = (value) => {
    const size = Math.abs(value);
    return size > 0 && size < 0.001 ? power(value, 2) : fixed(value);
  };
  const join = (xs, ys) =>
    `M${xs.map((x, k) => `${place(x)} ${place(ys[k])}`).join("L")}`;

  // A part of the drawing with axes of its own; Python wrote its ranges.
  const share = (value, first, last) =>
    Math.min(1, Math.max(0, (value - first) / (last - first)));
  function panel(element) {
    const ranges = ["x", "y", "box"].map((name) =>
      element.dataset[name].split(" ").map(Number));
    const [x, y, [left, top, right, bottom]] = ranges;
    const across = (value) => left + share(value, ...x) * (right - left);
    const up = (value) => bottom - share(value, ...y) * (bottom - top);
    const curve = (xs, ys) => join(xs.map(across), ys.map(up));
    const band = (xs, low, high) => `${curve(
      [...xs, ...[...xs].reverse()], [...high, ...[...low].reverse()])}Z`;
    const value = (height) => y[0] + share(height, bottom, top) * (y[1] - y[0]);
    return { across, up, curve, band, value };
  }
  Object.assign(unrolled, { fixed, grouped, power, short, join });

  // ---- The page -----------------------------------------------------------

  function make(tag, attributes = {}, ...inside) {
    const element = document.createElement(tag);
    Object.entries(attributes).forEach(([name, value]) =>
      element.setAttribute(name, value));
    element.append(...inside);
    return element;
  }
  // JupyterLab, too, listens to the keyboard.
  const OURS = { "data-lm-suppress-shortcuts": "true" };
  const byName = (root, name) => Object.fromEntries(
    [...root.querySelectorAll(`[data-${name}]`)].map(
      (element) => [element.dataset[name], element]));

  // "u=2&w=0.5" as settings; what is no number is NaN.
  const settings = (query) => Object.fromEntries(
    [...new URLSearchParams(query)].map(([name, value]) =>
      [name, value.trim() ? Number(value) : NaN]));

  const figures = {};
  unrolled.figure = (name, parts) => {
    figures[name] = parts;
    document.querySelectorAll(`unrolled-figure[data-figure="${name}"]`)
      .forEach((element) => element.start && element.start());
  };

  class Figure extends HTMLElement {
    connectedCallback() { this.start(); }

    disconnectedCallback() { this.stop(); }

    // Begin, or begin anew where the notebook's cell has run again.
    start() {
      this.stop();
      const parts = figures[this.dataset.figure];
      const told = this.querySelector("script[type='application/json']");
      if (!parts || !told || !this.isConnected) return;
      Object.assign(this, JSON.parse(told.textContent), { parts });
      this.texts = byName(this, "say");
      this.traces = byName(this, "trace");
      this.panels = Object.fromEntries(Object.entries(byName(this, "panel"))
        .map(([name, element]) => [name, panel(element)]));
      this.state = Object.fromEntries(
        this.controls.map(({ name, start }) => [name, start]));
      this.show = {}; // by control: puts its number where the reader sees it
      const boxes = this.controls.filter(({ kind }) => kind !== "bar");
      this.grips = byName(this, "grip");
      Object.keys(this.grips).forEach((name) => this.bar(
        this.controls.find((control) => control.name === name)));
      this.querySelectorAll("[data-set]").forEach((part) => {
        const to = () => this.set(settings(part.dataset.set));
        part.onpointerdown = to;
        part.onpointerenter = ({ buttons }) => buttons && to();
      });
      const reset = make("button", { type: "button", ...OURS }, "Reset");
      reset.addEventListener("click", () => this.reset());
      this.status = make("p", { class: "heard", role: "status" });
      this.append(make("div", { class: "controls" },
        ...boxes.map((control) => this[control.kind](control)), reset),
      this.status);
      this.follow = () => { clearTimeout(this.noting); this.read(); };
      addEventListener("hashchange", this.follow);
      this.redraw();
      this.read();
    }

    stop() {
      clearTimeout(this.noting);
      clearTimeout(this.telling);
      removeEventListener("hashchange", this.follow);
      this.querySelectorAll(":scope > :is(.controls, .heard)")
        .forEach((part) => part.remove());
    }

    slider({ name, words, low, high, step }) {
      const limits = { min: low, max: high, step, ...OURS };
      const range = make("input", { type: "range", ...limits });
      const typed = make("input", {
        type: "number", ...limits, "aria-label": `${words}, as a number` });
      range.addEventListener("input", () =>
        this.set({ [name]: range.valueAsNumber }));
      typed.addEventListener("input", () => {
        this.typing = typed; // its digits stay as they are typed
        this.set({ [name]: typed.valueAsNumber });
        this.typing = null;
      });
      typed.addEventListener("change", () => this.show[name]());
      this.show[name] = () => {
        range.value = this.state[name];
        const written = String(Number(this.state[name].toFixed(4)));
        if (this.typing !== typed) typed.value = written;
      };
      return make("div", { class: "control" },
        make("label", {}, make("span", {}, words), range), typed);
    }

    choice({ name, words, choices }) {
      const select = make("select", OURS, ...choices.map((choice, value) =>
        make("option", { value }, choice)));
      select.addEventListener("input", () =>
        this.set({ [name]: Number(select.value) }));
      this.show[name] = () => { select.value = this.state[name]; };
      return make("label", { class: "control" },
        make("span", {}, words), select);
    }

    // A bar of the drawing: by its grip it is dragged, and the hand goes on over
    // the bars beside it; the keyboard reaches one bar in a row, and from it
    // the others by the arrows to the sides.
    bar({ name, words, low, high, step }) {
      const grip = this.grips[name];
      const row = Object.values(this.grips)
        .filter((other) => other.dataset.in === grip.dataset.in);
      const limits = { "aria-valuemin": low, "aria-valuemax": high };
      const attributes = {
        role: "slider", "aria-label": words, ...limits, ...OURS,
        "aria-orientation": "vertical", tabindex: row[0] === grip ? 0 : -1 };
      Object.entries(attributes).forEach((pair) => grip.setAttribute(...pair));
      this.show[name] = () => grip.setAttribute(
        "aria-valuenow", Number(this.state[name].toFixed(4)));
      const beside = (by) => {
        const next = row[row.indexOf(grip) + by] || grip;
        row.forEach((other) => { other.tabIndex = other === next ? 0 : -1; });
        next.focus();
      };
      const to = (value) => () => this.set({ [name]: value });
      const by = (size) => to(this.state[name] + size * step);
      grip.onkeydown = (event) => {
        const moves = {
          ArrowUp: by(1), ArrowDown: by(-1), PageUp: by(4), PageDown: by(-4),
          Home: to(low), End: to(high),
          ArrowRight: () => beside(1), ArrowLeft: () => beside(-1) };
        if (!moves[event.key]) return;
        event.preventDefault();
        moves[event.key]();
      };
      const drag = (event) => {
        const { top, width } = grip.ownerSVGElement.getBoundingClientRect();
        const under = row.find((other) => {
          const { left, right } = other.getBoundingClientRect();
          return left <= event.clientX && event.clientX < right;
        }) || grip;
        const height = (event.clientY - top) * (480 / width);
        const value = this.panels[grip.dataset.in].value(height);
        this.set({ [under.dataset.grip]: value });
      };
      grip.onpointerdown = (event) => {
        grip.setPointerCapture(event.pointerId);
        grip.onpointermove = drag;
        beside(0);
        drag(event);
      };
      grip.onpointerup = () => { grip.onpointermove = null; };
      grip.onpointercancel = grip.onpointerup;
    }

    // Change settings, each within its limits; what is no number is refused.
    set(changes) {
      this.controls.forEach(({ name, start, low, high, step }) => {
        const wanted = changes[name];
        if (!Number.isFinite(wanted)) return;
        const inside = Math.min(high, Math.max(low, wanted));
        const stepped = low + Math.round((inside - low) / step) * step;
        this.state[name] = wanted === start ? start
          : Math.min(high, Number(stepped.toFixed(10)));
      });
      this.redraw();
      clearTimeout(this.telling);
      this.telling = setTimeout(() => {
        this.status.textContent = this.parts.tell(this.numbers, this.state);
      }, 600);
      clearTimeout(this.noting);
      this.noting = setTimeout(() => this.note(), 400);
    }

    reset() {
      this.set(Object.fromEntries(
        this.controls.map(({ name, start }) => [name, start])));
    }

    redraw() {
      this.numbers = this.parts.numbers(this.state, this.data);
      this.parts.draw(this, this.numbers, this.state);
      Object.values(this.show).forEach((show) => show());
    }

    say(name, text) { this.texts[name].textContent = text; }

    trace(name, path) { this.traces[name].setAttribute("d", path); }

    // Show what has this mark, or leave it pale.
    light(mark, is_lit) {
      this.querySelectorAll(`[data-mark="${mark}"]`).forEach((element) =>
        element.classList.toggle("pale", !is_lit));
    }

    // ---- The address: #fig-name?u=2, where the figure has a name ----------

    get anchor() {
      const named = this.closest("figure[id]");
      return named ? named.id : "";
    }

    read() {
      const [anchor, query] = location.hash.slice(1).split("?");
      if (!anchor || anchor !== this.anchor || query === undefined) return;
      this.reset();
      this.set(settings(query));
      this.closest("figure").scrollIntoView();
    }

    note() {
      const query = this.controls
        .filter(({ name, start }) => this.state[name] !== start)
        .map(({ name }) => `${name}=${this.state[name]}`).join("&");
      const here = location.hash.slice(1).split("?")[0] === this.anchor;
      if (!this.anchor || (!query && !here)) return;
      history.replaceState(history.state, "",
        `#${this.anchor}${query ? `?${query}` : ""}`);
    }
  }

  // Once all of the page is read: an element is made with what is inside it.
  const define = () => customElements.define("unrolled-figure", Figure);
  if (document.readyState === "loading") {
    document.addEventListener("DOMContentLoaded", define);
  } else {
    define();
  }
})();
