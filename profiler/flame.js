/* Search, zoom, details and keyboard of a flame graph; runs in the SVG file itself. */
(function () {
  'use strict';
  var svg = document.documentElement, XHTML = 'http://www.w3.org/1999/xhtml', SVG = svg.namespaceURI;
  var body = svg.querySelector('.frames'), header = +svg.dataset.header, row = +svg.dataset.row, drawn = +svg.dataset.width;
  var detail = svg.querySelector('.detail'), width = drawn, column = 7.25, zoomed = 0, current = 0, query = '';

  var frames = Array.prototype.map.call(body.children, function (g) {
    var title = g.children[0].textContent, rect = g.children[1], name = title.slice(0, title.indexOf('\n'));
    return { g: g, rect: rect, text: g.children[2], title: title, name: name, lower: name.toLowerCase(),
      x: +rect.getAttribute('x') / drawn, w: +rect.getAttribute('width') / drawn,
      depth: Math.round((+rect.getAttribute('y') - header) / row), parent: -1, last: 0, left: 0, wide: 0, label: null,
      is: { thin: g.classList.contains('thin'), off: g.classList.contains('off') } };
  });
  var open = [];
  frames.forEach(function (f, i) { /* a frame's own come right after it */
    while (open.length > f.depth) frames[open.pop()].last = i - 1;
    f.parent = open.length ? open[open.length - 1] : -1;
    open.push(i);
  });
  while (open.length) frames[open.pop()].last = frames.length - 1;

  function mark(f, name, on) { /* touches the document only where something changes */
    if (!!f.is[name] === on) return;
    f.is[name] = on;
    f.g.classList.toggle(name, on);
  }
  function shortName(name) {
    var bracket = name.indexOf('['), end = bracket > 0 ? bracket : name.length;
    return name.slice(name.lastIndexOf('/', end - 1) + 1);
  }
  function label(f) {
    var columns = Math.floor((f.wide - 6) / column), text = shortName(f.name), letters = columns >= 3 ? Array.from(text) : [];
    if (columns < 3) text = '';
    else if (letters.length > columns) text = letters.slice(0, columns - 1).join('') + '…';
    if (!f.text && text) {
      f.text = document.createElementNS(SVG, 'text');
      f.text.setAttribute('y', (header + f.depth * row + 12.5).toFixed(1));
      f.g.appendChild(f.text);
    }
    if (f.text && f.label !== text) f.text.textContent = f.label = text;
    if (text) f.text.setAttribute('x', (f.left + 3).toFixed(2));
  }
  function place(f, left, wide, shown) {
    shown = shown && wide >= 0.3;
    mark(f, 'off', !shown);
    if (!shown) f.wide = 0;
    if (!shown || (f.left === left && f.wide === wide)) return;
    f.wide = wide;
    f.left = left;
    mark(f, 'thin', wide < 3); /* its edges would hide it */
    f.rect.setAttribute('x', left.toFixed(3));
    f.rect.setAttribute('width', wide.toFixed(3));
    label(f);
  }
  function layout() {
    var z = frames[zoomed], scale = width / z.w, above = {};
    for (var up = z.parent; up >= 0; up = frames[up].parent) above[up] = true;
    frames.forEach(function (f, i) {
      mark(f, 'up', !!above[i]);
      if (above[i]) place(f, 0, width, true);
      else place(f, (f.x - z.x) * scale, f.w * scale, i >= zoomed && i <= z.last);
    });
    reset.disabled = zoomed === 0;
    share();
  }
  function zoom(i) {
    zoomed = i;
    layout();
    if (i) focus(i, false); /* back at the whole, the frame that one was at stays so */
  }

  function describe(i) {
    var text = i < 0 ? '' : frames[i].title.replace(/\n/g, ' – '), most = Math.floor((width - 20) / column), letters = Array.from(text);
    detail.textContent = letters.length > most ? letters.slice(0, most - 1).join('') + '…' : text;
  }
  function focus(i, move) {
    frames[current].g.setAttribute('tabindex', '-1');
    current = i;
    frames[i].g.setAttribute('tabindex', '0');
    frames[i].g.setAttribute('role', 'button');
    frames[i].g.setAttribute('aria-label', frames[i].title);
    if (move) frames[i].g.focus();
  }
  function visible(i) { return frames[i].wide >= 0.3; }
  function find(from, step, wanted) {
    for (var i = from + step; i >= 0 && i < frames.length; i += step) if (visible(i) && wanted(i)) return i;
    return -1;
  }
  function neighbour(key) {
    var f = frames[current];
    function level(i) { return frames[i].depth === f.depth; }
    switch (key) {
      case 'ArrowUp': return f.parent;
      case 'ArrowDown': return find(current, 1, function (i) { return i <= f.last && frames[i].parent === current; });
      case 'ArrowRight': return find(current, 1, level);
      case 'ArrowLeft': return find(current, -1, level);
      case 'Home': return zoomed;
    }
    return -1;
  }

  function element(name, attributes, parent, text) {
    var e = document.createElementNS(XHTML, name);
    Object.keys(attributes).forEach(function (k) { e.setAttribute(k, attributes[k]); });
    if (text) e.textContent = text;
    parent.appendChild(e);
    return e;
  }
  var controls = document.createElementNS(SVG, 'foreignObject');
  controls.setAttribute('y', '8');
  controls.setAttribute('width', '470');
  controls.setAttribute('height', '30');
  svg.insertBefore(controls, body);
  var look = 'font:13px system-ui,-apple-system,"Segoe UI",Roboto,Arial,sans-serif;color:var(--ink);background:var(--page);border:1px solid ' +
    'var(--line);border-radius:4px;height:26px;box-sizing:border-box;padding:0 8px;margin:0;';
  var bar = element('div', { style: 'display:flex;gap:8px;justify-content:flex-end;align-items:center;height:28px;padding:1px 2px;box-sizing:border-box' }, controls);
  var found = element('output', { style: 'font:12px system-ui,-apple-system,"Segoe UI",Roboto,Arial,sans-serif;color:var(--soft);white-space:nowrap',
    'aria-live': 'polite' }, bar);
  var search = element('input', { type: 'search', placeholder: 'Search ( / )', 'aria-label': 'Search functions', style: look + 'width:190px' }, bar);
  var reset = element('button', { type: 'button', style: look + 'cursor:pointer' }, bar, 'Reset zoom');

  function share() { /* what matches of what is shown, each part once */
    var hits = 0, sum = 0, until = -1, z = frames[zoomed];
    frames.forEach(function (f, i) {
      var hit = query !== '' && f.lower.indexOf(query) >= 0;
      mark(f, 'hit', hit);
      if (!hit || i < zoomed || i > z.last) return;
      hits++;
      if (i > until) {
        sum += f.w;
        until = f.last;
      }
    });
    body.classList.toggle('searching', query !== '');
    found.textContent = query === '' ? '' : hits ? (100 * sum / z.w).toFixed(2) + '% matched' : 'no match';
  }
  var pending = 0;
  search.addEventListener('input', function () {
    clearTimeout(pending);
    pending = setTimeout(function () {
      query = search.value.trim().toLowerCase();
      share();
    }, 80);
  });
  function clear() {
    search.value = query = '';
    share();
  }
  reset.addEventListener('click', function () { zoom(0); });

  function index(target) {
    var g = target.closest ? target.closest('.f') : null;
    return g && 'i' in g ? g.i : -1;
  }
  frames.forEach(function (f, i) { f.g.i = i; });
  body.addEventListener('click', function (e) { if (index(e.target) >= 0) zoom(index(e.target)); });
  body.addEventListener('mouseover', function (e) { describe(index(e.target)); });
  body.addEventListener('mouseout', function () { describe(-1); });
  body.addEventListener('focusin', function (e) { describe(index(e.target)); });
  body.addEventListener('focusout', function () { describe(-1); });
  svg.addEventListener('keydown', function (e) {
    var typing = e.target === search, on = index(e.target);
    if (e.key === 'Escape') {
      if (query !== '' || search.value !== '') clear();
      else zoom(0);
    } else if (e.key === '/' && !typing && !e.ctrlKey && !e.metaKey) {
      search.focus();
    } else if ((e.key === 'Enter' || e.key === ' ') && on >= 0) {
      zoom(on);
      describe(on);
    } else if (on >= 0 && neighbour(e.key) >= 0) {
      focus(neighbour(e.key), true);
    } else {
      return;
    }
    e.preventDefault();
  });

  function fit() {
    svg.setAttribute('height', svg.dataset.height); /* first: a scroll bar that comes with it takes width */
    width = Math.max(480, svg.clientWidth || drawn);
    svg.setAttribute('viewBox', '0 0 ' + width + ' ' + svg.dataset.height);
    controls.setAttribute('x', width - 480);
    layout();
  }
  svg.removeAttribute('role'); /* no longer a mere picture */
  body.setAttribute('role', 'group');
  var probe = frames[0].text;
  if (probe && probe.textContent) column = Math.max(5, probe.getComputedTextLength() / Array.from(probe.textContent).length);
  focus(0, false);
  fit();
  window.addEventListener('resize', fit);
})();
