'use strict';
const report = JSON.parse(document.getElementById('data').textContent);
const main = document.querySelector('main');
// Okabe and Ito's colours, which colour-blind readers tell apart, the ones first that stand out from the background.
const ON_LIGHT = ['#0072b2', '#d55e00', '#009e73', '#cc79a7', '#e69f00', '#56b4e9', '#7f7f7f', '#882255'];
const ON_DARK = ['#56b4e9', '#e69f00', '#009e73', '#cc79a7', '#f0e442', '#d55e00', '#b0b0b0', '#0072b2'];
const dark = matchMedia('(prefers-color-scheme: dark)');
const colors = () => dark.matches ? ON_DARK : ON_LIGHT;
const drawn = [];

function element(name, text, attributes = {}) {
  const made = document.createElement(name);
  if (text !== undefined) made.textContent = text;
  for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
  return made;
}

function section(title, note) {
  const made = element('section');
  made.append(element('h2', title));
  if (note) made.append(element('p', note, {class: 'note'}));
  main.append(made);
  return made;
}

const percent = share => (100 * share).toFixed(2) + ' %';
const whole = value => Math.round(value).toLocaleString('en');
const short = value => Number(value.toPrecision(4)).toString();

// rows: lists of cells; a cell is a text, or {text, number: true} for the right side
function table(head, rows, kind = '') {
  const box = element('div', undefined, {class: 'wide ' + kind});
  const made = element('table');
  const fill = (row, cells, name) => cells.forEach((cell, i) => {
    const simple = typeof cell !== 'object';
    const made = element(i === 0 && name === 'td' ? 'th' : name, simple ? cell : cell.text);
    if (i === 0 && name === 'td') made.setAttribute('scope', 'row');
    if (!simple && cell.number) made.className = 'number';
    if (!simple && cell.color) made.style.background = cell.color;
    row.append(made);
  });
  if (head) {
    const row = element('tr');
    fill(row, head, 'th');
    const top = element('thead');
    top.append(row);
    made.append(top);
  }
  const body = element('tbody');
  for (const cells of rows) {
    const row = element('tr');
    fill(row, cells, 'td');
    body.append(row);
  }
  made.append(body);
  box.append(made);
  return box;
}

// option: of ECharts, made anew for each theme
function chart(parent, title, caption, option) {
  const figure = element('figure');
  figure.append(element('h3', title));
  const box = element('div', undefined, {class: 'chart', role: 'img', 'aria-label': title + '. ' + caption});
  figure.append(box, element('figcaption', caption));
  parent.append(figure);
  drawn.push({box, option, made: null});
}

function draw(one) {
  if (one.made) one.made.dispose();
  one.made = echarts.init(one.box, dark.matches ? 'dark' : null, {renderer: 'svg'});
  one.made.setOption({
    backgroundColor: 'transparent', color: colors(), animation: false,
    grid: {left: 8, right: 16, top: 40, bottom: 8, containLabel: true},
    tooltip: {trigger: 'axis', confine: true, valueFormatter: value => value == null ? '' : short(value)},
    legend: {top: 0, type: 'scroll', lineStyle: {width: 'inherit'}},
    ...one.option(),
  });
}

// The last thing that a page's own script calls.
function show() {
  drawn.forEach(draw);
  addEventListener('resize', () => drawn.forEach(one => one.made.resize()));
  addEventListener('beforeprint', () => drawn.forEach(one => one.made.resize()));
  dark.addEventListener('change', () => drawn.forEach(draw));
}
