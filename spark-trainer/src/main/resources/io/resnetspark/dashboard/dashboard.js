'use strict';
const SECOND = 1000;
const MAX_UPLOAD = 16 * 1024 * 1024;
const byId = id => document.getElementById(id);
const dark = matchMedia('(prefers-color-scheme: dark)');
// As in reports: Okabe and Ito's colours, which colour-blind readers tell apart.
const ON_LIGHT = ['#0072b2', '#d55e00', '#009e73', '#cc79a7', '#e69f00', '#56b4e9', '#7f7f7f', '#882255'];
const ON_DARK = ['#56b4e9', '#e69f00', '#009e73', '#cc79a7', '#f0e442', '#d55e00', '#b0b0b0', '#0072b2'];
const colors = () => dark.matches ? ON_DARK : ON_LIGHT;
const shown = new Map(); // what each part of the page was last made of
let models = [];
let runs = [];
let chosen = null; // the name of the run whose curves are shown

function element(name, attributes = {}, ...children) {
  const made = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) {
    if (key.startsWith('on')) made.addEventListener(key.slice(2), value);
    else if (value !== null && value !== false) made.setAttribute(key, value);
  }
  made.append(...children.filter(child => child !== null && child !== undefined));
  return made;
}

const percent = share => share == null ? '' : (100 * share).toFixed(2) + ' %';
const whole = value => value == null ? '' : Math.round(value).toLocaleString('en');
const short = value => value == null ? '' : Number(value.toPrecision(4)).toString();
const time = at => at == null ? '' : new Date(at).toISOString().slice(0, 16).replace('T', ' ');

function duration(seconds) {
  if (seconds == null) return '';
  const minutes = Math.round(seconds / 60);
  return seconds < 90 ? Math.round(seconds) + ' s' : minutes < 90 ? minutes + ' min'
    : Math.floor(minutes / 60) + ' h ' + minutes % 60 + ' min';
}

const number = text => ({text, number: true});

// rows: lists of cells; a cell is a text, an element, or {text, number: true} for the right side
function table(label, head, rows) {
  const cell = (kind, content, more = {}) => content instanceof Node ? element(kind, more, content)
    : typeof content === 'object' ? element(kind, {...more, class: 'number'}, content.text)
      : element(kind, more, content);
  return element('div', {class: 'wide'}, element('table', {'aria-label': label},
    element('thead', {}, element('tr', {}, ...head.map(content => cell('th', content, {scope: 'col'})))),
    element('tbody', {}, ...rows.map(cells => element('tr', {},
      ...cells.map((content, i) => i ? cell('td', content) : cell('th', content, {scope: 'row'})))))));
}

// Makes a part of the page anew where its data changed. What had the focus has it again, and what was open stays open.
function replace(box, data, make) {
  const text = JSON.stringify(data) + dark.matches;
  if (shown.get(box) === text) return;
  shown.set(box, text);
  const focused = box.contains(document.activeElement) ? document.activeElement.dataset.key : null;
  const open = new Set([...box.querySelectorAll('details[open]')].map(one => one.dataset.key));
  for (const chart of box.querySelectorAll('.chart')) echarts.getInstanceByDom(chart)?.dispose();
  box.replaceChildren(...make());
  for (const one of box.querySelectorAll('details')) one.open = open.has(one.dataset.key);
  for (const chart of box.querySelectorAll('.chart')) chart.draw();
  if (focused) box.querySelector(`[data-key="${CSS.escape(focused)}"]`)?.focus();
}

// series: {name, points, width, color}
function chart(title, caption, xName, yName, series, y = {}) {
  const some = series.filter(one => one.points.length);
  if (!some.length) return null;
  const box = element('div', {class: 'chart', role: 'img', 'aria-label': title + '. ' + caption});
  box.draw = () => echarts.init(box, dark.matches ? 'dark' : null, {renderer: 'svg'}).setOption({
    backgroundColor: 'transparent', color: colors(), animation: false,
    grid: {left: 8, right: 16, top: 56, bottom: 24, containLabel: true},
    tooltip: {trigger: 'axis', confine: true, renderMode: 'richText', valueFormatter: short},
    legend: {top: 0, type: 'scroll'},
    xAxis: {type: 'value', name: xName, nameLocation: 'middle', nameGap: 24, min: 'dataMin', max: 'dataMax', minInterval: 1,
      axisLabel: {hideOverlap: true}},
    yAxis: {type: 'value', name: yName, scale: true, ...y},
    series: some.map((one, i) => ({name: one.name, type: 'line', data: one.points, symbolSize: 5,
      symbol: one.points.length < 40 ? 'circle' : 'none',
      itemStyle: {color: colors()[(one.color ?? i) % ON_LIGHT.length]},
      lineStyle: {width: one.width ?? 2, color: colors()[(one.color ?? i) % ON_LIGHT.length]}})),
  });
  return element('figure', {}, element('h3', {}, title), box, element('figcaption', {}, caption));
}

addEventListener('resize', () => {
  for (const box of document.querySelectorAll('.chart')) echarts.getInstanceByDom(box)?.resize();
});

// A value of JSON for people: its fields as rows, lists in a line.
function facts(value, path = '') {
  if (value === null || typeof value !== 'object') return [[path, typeof value === 'number' ? short(value) : String(value)]];
  if (Array.isArray(value)) {
    return value.every(one => typeof one !== 'object') ? [[path, value.length ? value.join(' ') : 'none']]
      : value.flatMap((one, i) => facts(one, `${path} ${i + 1}`));
  }
  return Object.entries(value).flatMap(([key, one]) => facts(one, (path ? path + ' ' : '') + key.replaceAll('_', ' ')));
}

const evidence = (key, figures) => figures == null ? null : element('details', {'data-key': key},
  element('summary', {}, 'Evidence'), table('Evidence', ['figure', 'value'], facts(figures)));

const oneCrop = version => version.results.find(result => result.protocol === 'one-crop');

function modelsPart() {
  replace(byId('models-chart'), models.map(model => [model.name, model.versions.map(oneCrop)]), () => [
    chart('Top-1 error by version', 'Of centre crops of the validation images.', 'version', '%', models.map(model => ({
      name: model.name,
      points: model.versions.filter(oneCrop).map(version => [version.number, 100 * oneCrop(version).top1_error]),
    }))),
    chart('Cross-entropy by version', 'Of the same images.', 'version', 'nats', models.map(model => ({
      name: model.name,
      points: model.versions.filter(oneCrop).map(version => [version.number, oneCrop(version).cross_entropy]),
    })))].filter(Boolean));
  replace(byId('models-list'), models.map(model => ({...model, events: null})), () =>
    models.length ? models.flatMap(modelPart) : [element('p', {class: 'note'}, 'There is no model in the registry yet.')]);
}

function modelPart(model) {
  const title = element('h3', {}, model.name);
  if (model.problem) return [title, element('p', {class: 'problem'}, model.problem)];
  return [title, table(model.name, ['version', 'aliases', number('top-1 error'), number('top-5 error'),
    number('cross-entropy'), 'network', 'trained', 'published', 'card'],
  [...model.versions].reverse().map(version => {
    const result = oneCrop(version);
    return ['v' + version.number, version.problem ? element('span', {class: 'problem'}, version.problem) : version.aliases.join(', '),
      number(percent(result?.top1_error)), number(percent(result?.top5_error)), number(short(result?.cross_entropy)),
      version.network ?? '', time(version.created), version.published
        ? `${time(version.published.at)} by ${version.published.by}` + (version.published.message ? ': ' + version.published.message : '')
        : '', version.problem ? '' : card(model.name, version.number)];
  }))];
}

function card(name, version) {
  const text = element('div', {class: 'card'}, '...');
  const load = async event => {
    if (!event.target.open || event.target.loaded) return;
    event.target.loaded = true;
    const answer = await fetch(`api/models/${encodeURIComponent(name)}/${version}/card`);
    text.textContent = answer.ok ? await answer.text() : 'This version has no model card.';
  };
  return element('details', {'data-key': `card ${name} ${version}`, ontoggle: load}, element('summary', {}, 'Model card'), text);
}

function runsPart() {
  replace(byId('runs-list'), runs, () => runs.length ? [table('Runs', ['run', 'state', number('progress'), number('loss'),
    number('images/s'), number('time left'), number('top-1 error'), 'network', 'written', 'report'], runs.map(runRow))]
    : [element('p', {class: 'note'}, 'There is no run in the folder yet.')]);
}

function runRow(run) {
  const at = run.progress ?? {};
  const choose = element('button', {type: 'button', 'data-key': run.name, onclick: () => refresh(() => show(run.name, true))}, run.name);
  if (run.problem) {
    return [choose, element('span', {class: 'problem'}, `damaged: ${run.problem}`), '', '', '', '', '', '', time(run.updated), ''];
  }
  const live = run.state === 'running';
  return [choose, run.outcome ? `${run.state}, ${run.outcome}` : run.state,
    live && at.share != null
      ? element('progress', {max: 1, value: at.share, 'aria-label': percent(at.share)}, percent(at.share))
      : number(at.epochs + (at.total_epochs ? ' of ' + at.total_epochs : '') + ' epochs'),
    number(short(at.loss)), number(whole(at.images_per_second)), number(live ? duration(at.seconds_left) : ''),
    number(percent(run.top1_error)), run.network ?? '', time(run.updated),
    element('a', {href: `runs/${encodeURIComponent(run.name)}/report.html`, target: '_blank', rel: 'noopener',
      'data-key': 'report ' + run.name, 'aria-label': 'Report of ' + run.name}, 'report')];
}

async function show(name, move) {
  chosen = name;
  await refreshRun();
  if (move) byId('run').focus();
}

async function refreshRun() {
  if (chosen === null) return;
  const run = await json(`api/runs/${encodeURIComponent(chosen)}`);
  replace(byId('run'), run, () => runPart(run));
}

function runPart(run) {
  const at = run.row.progress ?? {};
  const curves = run.summary?.curves ?? {};
  const points = (name, scale = 1) => (curves[name]?.x ?? []).map((x, i) => [x, scale * curves[name].y[i]]);
  const charts = [
    chart('Error', 'Thin: training, of augmented images; bold: top-1 error of centre crops of the validation images.',
      'iterations', '%', [{name: 'training', points: points('training_error', 100), width: 1, color: 0},
        {name: 'validation', points: points('error', 100), width: 3, color: 0}]),
    chart('Loss', 'Mean cross-entropy. Thin: training; bold: validation.', 'iterations', 'nats',
      [{name: 'training', points: points('loss'), width: 1, color: 0}, {name: 'validation', points: points('cross_entropy'), width: 3, color: 0}]),
    chart('Learning rate', 'Of the first step of each round.', 'iterations', '', [{name: 'learning rate', points: points('learning_rate')}], {min: 0}),
    chart('Throughput', 'Images per second of all workers together.', 'iterations', 'images/s',
      [{name: 'throughput', points: points('throughput'), width: 1}], {min: 0})].filter(Boolean);
  return [element('h3', {}, run.row.name),
    run.row.problem ? element('p', {class: 'problem'}, run.row.problem) : null,
    run.row.state === 'running' && at.share != null
      ? element('p', {}, `${percent(at.share)} done, ${duration(at.seconds_left) || '0 s'} of training left.`) : null,
    run.outcome ? element('p', {}, `${run.outcome.outcome}: ${run.outcome.reason ?? ''}`) : null,
    run.outcome ? evidence('outcome', run.outcome.figures) : null,
    element('div', {class: 'charts'}, ...charts),
    run.summary ? table('About the run', ['', ''], Object.entries(run.summary.facts)) : null].filter(Boolean);
}

function decisionsPart() {
  const events = models.flatMap(model => (model.events ?? []).filter(event => event.action !== 'publish')
    .map(event => ({...event, model: model.name}))).sort((a, b) => a.at < b.at ? 1 : -1);
  replace(byId('decisions-list'), events, () => events.length ? [table('Decisions', ['when', 'what', 'model', 'by', 'reason', 'evidence'],
    events.map(event => [time(event.at), event.action.replace('-', ' '), event.model + (event.version ? ' v' + event.version : ''),
      event.by, reason(event), evidence(`${event.model} ${event.at}`, event.figures) ?? '']))]
    : [element('p', {class: 'note'}, 'Nothing was promoted or refused yet.')]);
}

function reason(event) {
  const problems = event.figures?.problems ?? [];
  return [event.message, ...problems.filter(problem => !(event.message ?? '').includes(problem))].filter(Boolean).join('; ');
}

// ---- predict

function modelChoice() {
  const options = models.flatMap(model => [...model.versions].reverse().filter(version => !version.problem).map(version => ({
    value: `${encodeURIComponent(model.name)}/${version.number}`,
    text: `${model.name} v${version.number}` + (version.aliases.length ? ` (${version.aliases.join(', ')})` : ''),
    champion: version.aliases.includes('champion'),
  })));
  const select = byId('model');
  const before = select.value;
  const text = JSON.stringify(options);
  if (shown.get(select) === text) return;
  shown.set(select, text);
  select.replaceChildren(...options.map(one => element('option', {value: one.value}, one.text)));
  const wanted = options.find(one => one.value === before) ?? options.find(one => one.champion) ?? options[0];
  if (wanted) select.value = wanted.value;
}

async function predict(file) {
  const box = byId('prediction');
  const say = text => box.replaceChildren(element('p', {class: 'problem'}, text));
  if (!byId('model').value) return say('There is no model to predict with.');
  if (file.size > MAX_UPLOAD) return say(`${file.name} is too long: at most 16 MiB may be sent.`);
  box.replaceChildren(element('p', {}, 'Predicting ...'));
  try {
    const answer = await fetch('api/predict/' + byId('model').value, {method: 'POST', body: file,
      headers: {'Content-Type': 'application/octet-stream'}});
    const said = await answer.json();
    if (!answer.ok) return say(said.error);
    box.replaceChildren(picture(file), explanation(said), guesses(said));
  } catch (failed) {
    say(`${file.name} could not be sent: ${failed.message}`);
  }
}

function picture(file) {
  const url = URL.createObjectURL(file);
  return element('figure', {}, element('img', {src: url, alt: file.name, onload: () => URL.revokeObjectURL(url)}),
    element('figcaption', {}, file.name));
}

function guesses(said) {
  return element('div', {}, element('h3', {}, said.model), ...said.predictions.map(guess =>
    element('div', {class: 'guess'}, element('span', {}, guess.class), element('span', {}, (100 * guess.probability).toFixed(1) + ' %'),
      element('meter', {min: 0, max: 1, value: guess.probability, 'aria-label': guess.class}))));
}

function explanation(said) {
  return element('figure', {}, element('img', {src: said.explanation, alt: 'class-activation map', class: 'map'}),
    element('figcaption', {}, `where it looks for ${said.predictions[0].class}`));
}

byId('file').addEventListener('change', event => { if (event.target.files[0]) predict(event.target.files[0]); });
for (const kind of ['dragenter', 'dragover', 'dragleave', 'drop']) {
  // Also beside the box: a browser would leave the page for the image.
  addEventListener(kind, event => event.preventDefault());
  byId('drop').addEventListener(kind, event => byId('drop').classList.toggle('over', kind === 'dragenter' || kind === 'dragover'));
}
byId('drop').addEventListener('drop', event => { if (event.dataTransfer.files[0]) predict(event.dataTransfer.files[0]); });

// ---- what changes

async function json(path) {
  const answer = await fetch(path);
  if (answer.status === 401) location.reload();
  if (!answer.ok) throw new Error(`${path} answered ${answer.status}`);
  return answer.json();
}

async function refresh(what) {
  try {
    await what();
    byId('state').textContent = '';
  } catch (failed) {
    byId('state').textContent = `The dashboard does not answer: ${failed.message}. This page shows what was last known.`;
  }
}

async function refreshModels() {
  models = await json('api/models');
  modelsPart();
  decisionsPart();
  modelChoice();
}

async function refreshRuns() {
  runs = await json('api/runs');
  runsPart();
  const first = runs.find(run => run.state === 'running') ?? runs.find(run => !run.problem);
  if (!runs.some(run => run.name === chosen)) chosen = first?.name ?? null;
  await refreshRun();
}

function again(what, period) {
  setTimeout(async () => {
    if (!document.hidden) await refresh(what);
    again(what, period);
  }, period);
}

async function start() {
  await Promise.all([refresh(refreshModels), refresh(refreshRuns)]);
  document.body.dataset.ready = 'true';
  again(refreshRuns, 5 * SECOND);
  again(refreshModels, 15 * SECOND);
}

dark.addEventListener('change', () => { modelsPart(); refresh(refreshRun); });
start();
