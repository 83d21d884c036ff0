// What tests/test_explore.py asks of a figure to touch, inside the browser.

// Where words leave ink: their box without what the face keeps free above and
// below. Of turned words, and of words in parts, the whole box.
function inked(text) {
  const { left, right, top, bottom } = text.getBoundingClientRect();
  if (text.hasAttribute('transform') || text.children.length) {
    return { left, right, top, bottom };
  }
  const pen = document.createElement('canvas').getContext('2d');
  const face = getComputedStyle(text);
  pen.font = `${face.fontWeight} ${face.fontSize} ${face.fontFamily}`;
  const ink = pen.measureText(text.textContent);
  const scale = (bottom - top)
    / (ink.fontBoundingBoxAscent + ink.fontBoundingBoxDescent);
  const above = ink.fontBoundingBoxAscent - ink.actualBoundingBoxAscent;
  const below = ink.fontBoundingBoxDescent - ink.actualBoundingBoxDescent;
  return {
    left, right, top: top + scale * above, bottom: bottom - scale * below,
  };
}

globalThis.toucher = {
  figure: (name) => document.querySelector(
    `unrolled-figure[data-figure="${name}"]`),

  state: (name) => ({ ...toucher.figure(name).state }),

  numbers: (name) => toucher.figure(name).numbers,

  // A drawing as the browser writes it, without its words for those who cannot
  // see, and without what the page makes sliders.
  plain(_, drawing) {
    const box = document.createElement('div');
    box.innerHTML = drawing;
    box.querySelectorAll('[data-grip]').forEach((e) => e.remove());
    box.querySelector('svg').removeAttribute('aria-label');
    return box.innerHTML.trim();
  },

  still: (name) => toucher.plain(name,
    toucher.figure(name).querySelector('.still').innerHTML),

  // The settings and numbers at each of these settings, once all is computed,
  // and how long each move took in milliseconds, until the page was laid out.
  async at(name, settings) {
    const figure = toucher.figure(name);
    const [found, times] = [[], []];
    for (const wanted of settings) {
      const begin = performance.now();
      figure.set(wanted);
      figure.getBoundingClientRect();
      times.push(performance.now() - begin);
      while (figure.busy) await new Promise((go) => setTimeout(go, 20));
      found.push([{ ...figure.state }, figure.numbers]);
    }
    return { found, times };
  },

  // Python's drawing with all that changes taken out and drawn again.
  redrawn(name) {
    const figure = toucher.figure(name);
    Object.values(figure.texts).forEach((e) => { e.textContent = '?'; });
    Object.values(figure.traces).forEach((e) => {
      e.setAttribute('d', 'M0 0');
    });
    figure.redraw();
    return toucher.still(name);
  },

  // The sliders' boxes of a figure: started anew, removed and put back, and
  // beside a copy of itself.
  again(name) {
    const figure = toucher.figure(name);
    const boxes = () => document.querySelectorAll(
      `[data-figure="${name}"] > .controls`).length;
    const { parts } = figure;
    unrolled.figure(name, parts);
    const started = boxes();
    const parent = figure.parentElement;
    figure.remove();
    parent.append(figure);
    const back = boxes();
    const copy = figure.cloneNode(true);
    parent.append(copy);
    const both = boxes();
    copy.remove();
    return [started, back, both];
  },

  // What the little LSTM makes of a sequence and its errors.
  train(_, x, params, errors) {
    const { forward, bptt } = unrolled.by_hand.lstm;
    const { hs, caches } = forward(x, params);
    const { dx, grads } = bptt(errors, caches, params);
    return { hs, dx, ...grads };
  },

  // The smallest size of a drawing's words on the screen, in pixels.
  smallest(name) {
    const svg = toucher.figure(name).querySelector('svg');
    const scale = svg.getScreenCTM().a;
    return Math.min(...[...svg.querySelectorAll('text')].map(
      (e) => scale * parseFloat(getComputedStyle(e).fontSize)));
  },

  // Words of the drawing that lie on other words, or stick out of the window.
  crowded(name) {
    const svg = toucher.figure(name).querySelector('svg');
    const words = [...svg.querySelectorAll('text')]
      .filter((e) => e.textContent.trim() && e.checkVisibility());
    const boxes = words.map(inked);
    const out = words.filter((_, k) => boxes[k].right > innerWidth
      || boxes[k].left < 0).map((e) => e.textContent);
    boxes.forEach((a, k) => boxes.slice(k + 1).forEach((b, m) => {
      const wide = Math.min(a.right, b.right) - Math.max(a.left, b.left);
      const high = Math.min(a.bottom, b.bottom) - Math.max(a.top, b.top);
      if (wide > 1 && high > 1) {
        out.push(`${words[k].textContent} | ${words[k + 1 + m].textContent}`);
      }
    }));
    return out;
  },

  moving: (name) => toucher.figure(name)
    .getAnimations({ subtree: true }).length,
};
