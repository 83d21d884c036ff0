// What tests/test_pages.py asks of a page, from inside the browser.
const all = (css) => [...document.querySelectorAll(css)];
const quote = (e) => `<${e.localName} class="${e.className}"> ${e.textContent}`;
// An address as a file of the book and a place in it; '' outside of the book.
const where = (address) => {
  const { origin, pathname, hash } = new URL(address, location);
  const inside = origin === location.origin;
  return {
    file: inside ? decodeURIComponent(pathname.slice(1)) : '',
    place: decodeURIComponent(hash.slice(1).split('?')[0]), // without settings
  };
};
const file = (e) => where(e.src ?? e.href).file;

globalThis.reader = {
  // Wait for mathematics, fonts and images; unfold what is folded; stand still.
  async settle() {
    await globalThis.MathJax?.startup?.promise;
    const still = document.createElement('style');
    still.textContent = '* { animation: none !important;'
      + ' transition: none !important; }';
    document.head.append(still);
    all('details').forEach((e) => { e.open = true; });
    all('.toggle-hidden').forEach((e) => e.classList.remove('toggle-hidden'));
    await Promise.allSettled([...document.images].map((e) => e.decode()));
    await document.fonts.ready;
  },

  facts() {
    const quoted = 'script, style, pre, code, mjx-container, #search-results';
    const text = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
    const tex = [];
    while (text.nextNode()) {
      const { data, parentElement } = text.currentNode;
      if (/\\[()[\]]|\$\$/.test(data) && !parentElement.closest(quoted)) {
        tex.push(data.trim());
      }
    }
    return {
      tex,
      not_typeset: all('.math').filter((e) => !e.querySelector('mjx-container'))
        .map(quote),
      // An unknown command is not an error to MathJax: it is shown in red.
      misset: all('mjx-merror, mjx-mtext[style*="color: red"]').map(quote),
      images: all('img').map((e) => ({
        file: file(e), alt: e.alt.trim(), width: e.naturalWidth })),
      without_caption: all('.cell_output img').filter((e) => !e
        .closest('figure')?.querySelector('.caption-text')?.textContent.trim())
        .map(file),
      icons: all('link[rel=icon]').map(file),
      // What a page would load from elsewhere, if only later.
      elsewhere: all('script[src], link[href], img[src], iframe[src]')
        .map((e) => e.src || e.href)
        .filter((url) => /^https?:/.test(url) && !where(url).file),
      links: all('a[href]').map((e) => ({
        ...where(e.href), kind: [...e.classList] })).filter((e) => e.file),
      ids: all('[id]').map((e) => e.id),
      // The code of the cell in which a named place lies, or which it is.
      code_at: Object.fromEntries(all('div.cell[id], div.cell > [id]').map(
        (e) => [e.id, e.closest('div.cell')
          .querySelector('.cell_input')?.textContent ?? ''])),
      has_code: all('div.cell').length > 0,
    };
  },

  // Switch to a mode as a reader does; what is light or dark then?
  colours(mode) {
    const root = document.documentElement.dataset;
    for (let i = 0; i < 3 && root.theme !== mode; i += 1) {
      document.querySelector('.theme-switch-button').click();
    }
    return {
      mode: root.theme,
      ground: getComputedStyle(document.body).backgroundColor,
      dimmed: all('article figure img').filter((e) => {
        const { filter, opacity } = getComputedStyle(e);
        const dark = 'invert(0.93) hue-rotate(180deg) brightness(1.2)'; // and hues stay
        return filter !== (root.theme === 'dark' ? dark : 'none')
          || opacity !== '1';
      }).map(file),
      logos: all('img.logo__image').filter((e) => e.checkVisibility())
        .map(file),
    };
  },

  // Mark the words that look like none that have been seen: their colour, size
  // and weight, and each ground that they stand on. How do they look?
  fresh(seen) {
    const known = new Set(seen);
    const ground = new Map([[null, '']]);
    const under = (e) => {
      if (!ground.has(e)) {
        const { backgroundColor, backgroundImage, opacity } =
          getComputedStyle(e);
        const own = [backgroundColor, backgroundImage, opacity].join();
        const below = under(e.parentElement);
        const bare = own === 'rgba(0, 0, 0, 0),none,1';
        ground.set(e, bare ? below : `${own} on ${below}`);
      }
      return ground.get(e);
    };
    const hasWords = (e) => [...e.childNodes].some(
      (n) => n.nodeType === Node.TEXT_NODE && n.data.trim());
    all('[data-fresh]').forEach((e) => { delete e.dataset.fresh; });
    const found = all('body, body *').filter(
      (e) => hasWords(e) && e.checkVisibility({ visibilityProperty: true }));
    const looks = found.map((e) => {
      const { color, fontSize, fontWeight, textDecorationLine } =
        getComputedStyle(e);
      const around = getComputedStyle(e.parentElement).color;
      return [color, fontSize, fontWeight, textDecorationLine, around,
        under(e)].join();
    });
    const added = looks.filter((look, k) => {
      if (known.has(look)) return false;
      known.add(look);
      found[k].dataset.fresh = '';
      return true;
    });
    return added;
  },

  // Figures that take too much of a sheet of A4: half of it, or, with the table
  // of one to touch, four fifths.
  tooTall() {
    const sheet = (297 - 40) / 25.4 * 96; // px, within margins of 20 mm
    const limit = (e) => (e.querySelector('unrolled-figure') ? 0.8 : 0.5);
    return all('figure').filter(
      (e) => e.getBoundingClientRect().height > limit(e) * sheet).map(
      (e) => quote(e).slice(0, 160));
  },

  // What a piece of HTML says.
  text(html) {
    const box = document.createElement('div');
    box.innerHTML = html;
    return box.textContent;
  },

  // What sticks out of the window without a box of its own to scroll in; a table
  // that has to be scrolled, which no box excuses; and, on a wide window, code
  // of at most 80 characters.
  overflow() {
    const column = '.bd-article-container *';
    const limit = innerWidth + 1; // px
    const right = (e) => e.getBoundingClientRect().right;
    const boxed = (e) => {
      const box = e.parentElement;
      if (!box.matches(column)) return false;
      const scrolls = /auto|scroll/.test(getComputedStyle(box).overflowX);
      return (scrolls && right(box) <= limit) || boxed(box);
    };
    const out = all(column).filter((e) => right(e) > limit
      && e.checkVisibility() && !e.closest('mjx-assistive-mml') && !boxed(e));
    out.push(...all('table.table, table.results').filter(
      (e) => right(e) > right(e.parentElement) + 1));
    const longest = (e) => Math.max(
      ...e.textContent.split('\n').map((line) => line.length));
    if (innerWidth >= 1300) {
      out.push(...all('.cell_input pre').filter(
        (e) => longest(e) <= 80 && e.scrollWidth > e.clientWidth));
    }
    const { scrollWidth } = document.scrollingElement;
    return [
      ...(scrollWidth > innerWidth ? [`the page is ${scrollWidth} px`] : []),
      ...out.map((e) => quote(e).slice(0, 160)),
    ];
  },
};
