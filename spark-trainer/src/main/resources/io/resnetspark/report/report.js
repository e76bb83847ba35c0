// lines: {name, curve, width, run, scale}
function lineChart(parent, title, caption, unit, lines, more = {}) {
  const shown = lines.filter(line => line.curve);
  if (!shown.length) return;
  chart(parent, title, caption, () => ({
    xAxis: {type: 'value', name: 'iterations', nameLocation: 'middle', nameGap: 24, min: 'dataMin', max: 'dataMax',
      axisLabel: {hideOverlap: true}},
    yAxis: {type: 'value', name: unit, scale: true, ...more},
    grid: {left: 8, right: 16, top: 56, bottom: 24, containLabel: true},
    series: shown.map(line => ({
      name: line.name, type: 'line', step: line.step,
      symbol: line.curve.x.length < 40 ? 'circle' : 'none', symbolSize: 4,
      itemStyle: {color: colors()[line.run % ON_LIGHT.length]},
      lineStyle: {width: line.width, color: colors()[line.run % ON_LIGHT.length]},
      data: line.curve.x.map((x, i) => [x, (line.scale || 1) * line.curve.y[i]]),
    })),
  }));
}

function label(run, text) {
  return report.runs.length === 1 ? text : run.name + (text ? ': ' + text : '');
}

function lines(run, index, ...kinds) {
  return kinds.map(([curve, text, width, scale]) =>
    ({name: label(run, text), curve: run.curves[curve], width, scale, run: index}));
}

function runs() {
  if (!report.runs.length) return;
  const several = report.runs.length > 1;
  const results = section('Results');
  const rows = report.runs.flatMap(run => run.results.map(result => [
    ...(several ? [run.name] : []), result.protocol, result.split,
    {text: whole(result.count), number: true}, {text: percent(result.top1_error), number: true},
    {text: percent(result.top5_error), number: true}, {text: result.cross_entropy.toFixed(4), number: true}]));
  if (rows.length) {
    results.append(table([...(several ? ['run'] : []), 'protocol', 'split', {text: 'images', number: true},
      {text: 'top-1 error', number: true}, {text: 'top-5 error', number: true},
      {text: 'cross-entropy', number: true}], rows));
  } else {
    results.append(element('p', 'There is no result of a final model yet.', {class: 'note'}));
  }
  const charts = element('div', undefined, {class: 'charts'});
  section('Training').append(charts);
  const all = (...kinds) => report.runs.flatMap((run, i) => lines(run, i, ...kinds));
  lineChart(charts, 'Error', 'Thin: training error of augmented images, in training mode; bold: top-1 error of centre'
    + ' crops of the validation images.', '%', all(['training_error', 'training', 1, 100], ['error', 'validation', 3, 100]));
  lineChart(charts, 'Loss', 'Mean cross-entropy. Thin: training; bold: validation.', 'nats',
    all(['loss', 'training', 1], ['cross_entropy', 'validation', 3]));
  lineChart(charts, 'Learning rate', 'Of the first step of each round.', '', all(['learning_rate', '', 2])
    .map(line => ({...line, name: line.name || 'learning rate', step: 'end'})), {min: 0});
  lineChart(charts, 'Throughput', 'Images per second of all workers together.', 'images/s',
    all(['throughput', '', 1]).map(line => ({...line, name: line.name || 'throughput'})), {min: 0});
  timeChart(charts);
  workerCharts(charts);
}

function timeChart(parent) {
  const parts = ['reading', 'computing', 'waiting', 'averaging'];
  const timed = report.runs.filter(run => parts.some(part => run.seconds[part] > 0));
  if (!timed.length) return;
  const total = run => parts.reduce((sum, part) => sum + (run.seconds[part] || 0), 0);
  chart(parent, 'Where the time went', 'Share of the rounds, as the mean of the workers: reading images, computing,'
    + ' waiting for the slowest worker, averaging.', () => ({
    xAxis: {type: 'value', max: 100, axisLabel: {formatter: '{value} %'}},
    yAxis: {type: 'category', inverse: true, data: timed.map(run => run.name), axisLabel: {width: 120, overflow: 'truncate'}},
    series: parts.map(part => ({name: part, type: 'bar', stack: 'time', barMaxWidth: 48,
      data: timed.map(run => 100 * (run.seconds[part] || 0) / total(run))})),
  }));
}

function workerCharts(parent) {
  for (const run of report.runs.filter(run => run.workers.length > 1)) {
    const parts = ['reading', 'computing', 'waiting'];
    chart(parent, label(run, 'Worker by worker'), 'Seconds of the whole run.', () => ({
      xAxis: {type: 'category', name: 'worker', nameLocation: 'middle', nameGap: 24, data: run.workers.map(one => one.worker)},
      yAxis: {type: 'value', name: 'seconds'},
      grid: {left: 8, right: 16, top: 56, bottom: 24, containLabel: true},
      series: parts.map(part => ({name: part, type: 'bar', stack: 'time', data: run.workers.map(one => one[part])})),
    }));
  }
}

function facts() {
  const several = report.runs.length > 1;
  if (several) {
    const made = section('Differences', 'Keys of the recipes that are not the same in all runs.');
    made.append(report.differences.length
      ? table(['key', ...report.runs.map(run => run.name)], report.differences.map(row => [row.key, ...row.values]))
      : element('p', 'The recipes are the same.'));
  }
  const about = section(several ? 'About the runs' : 'About the run');
  const names = [...new Set(report.runs.flatMap(run => Object.keys(run.facts)))];
  about.append(table(several ? ['', ...report.runs.map(run => run.name)] : null,
    names.map(name => [name, ...report.runs.map(run => run.facts[name] || '')])));
  for (const run of report.runs.filter(run => run.recipe)) {
    const made = element('details');
    made.append(element('summary', label(run, 'recipe')), element('pre', run.recipe));
    about.append(made);
  }
}

function evaluations() {
  if (!report.evaluations.length) return;
  const made = section('Evaluation', 'In brackets: 95 % confidence intervals (Wilson). Calibration error: expected'
    + ' calibration error in 15 bins (Guo et al. 2017).');
  const interval = (share, bounds) => `${percent(share)} (${(100 * bounds.lower).toFixed(2)} to ${(100 * bounds.upper).toFixed(2)})`;
  made.append(table(['model', 'protocol', 'split', {text: 'images', number: true}, {text: 'top-1 error', number: true},
    {text: 'top-5 error', number: true}, {text: 'cross-entropy', number: true}, {text: 'calibration error', number: true}],
  report.evaluations.map(one => [one.model, one.protocol, one.split, {text: whole(one.count), number: true},
    {text: interval(one.top1_error, one.top1_interval), number: true},
    {text: interval(one.top5_error, one.top5_interval), number: true},
    {text: one.cross_entropy.toFixed(4), number: true},
    {text: percent(one.expected_calibration_error), number: true}])));
  for (const one of report.evaluations) {
    const name = report.evaluations.length > 1 ? ` (${one.model}, ${one.protocol})` : '';
    const worst = section('Worst classes' + name, 'Recall: share of the images of a class that were predicted to be of it.'
      + ' Precision: share of those predicted to be of it that are.');
    worst.append(table(['class', {text: 'recall', number: true}, {text: 'precision', number: true}, {text: 'images', number: true}],
      one.worst.map(row => [row.label, {text: percent(row.recall), number: true},
        {text: row.precision == null ? 'never predicted' : percent(row.precision), number: true},
        {text: whole(row.support), number: true}])));
    confusion(one.confusion, 'Confusion of the worst classes' + name);
  }
}

function confusion(matrix, title) {
  const made = section(title, 'Rows: the right class; columns: the predicted one; numbers of images.');
  const others = matrix.rows.some(row => row.others > 0);
  made.append(table(['', ...matrix.predicted, ...(others ? ['others'] : [])], matrix.rows.map(row => {
    const all = row.counts.reduce((sum, count) => sum + count, row.others);
    return [row.label, ...row.counts.map((count, i) => ({text: count ? whole(count) : '', color: shade(count / all,
      matrix.predicted[i] === row.label)})), ...(others ? [{text: row.others ? whole(row.others) : ''}] : [])];
  }), 'confusion'));
}

// Blue for right, orange for wrong; transparent, so that it suits both themes.
function shade(share, right) {
  return `rgba(${right ? '0, 114, 178' : '213, 94, 0'}, ${(0.75 * share).toFixed(3)})`;
}

function examples() {
  for (const one of report.examples) {
    const name = report.examples.length > 1 ? ` (${one.model}, ${one.protocol})` : '';
    images('Most confident mistakes' + name, one.mistakes, shown => shown.predicted == null
      ? ['no number came out']
      : [`predicted: ${shown.predicted}, ${(100 * shown.probability).toFixed(1)} %`]);
    images('Most uncertain images' + name, one.uncertain, shown => [
      `${shown.predicted} ${(100 * shown.probability).toFixed(1)} %`,
      ...(shown.second == null ? [] : [`${shown.second} ${(100 * shown.second_probability).toFixed(1)} %`])]);
  }
}

function images(title, all, predictions) {
  if (!all.length) return;
  const box = element('div', undefined, {class: 'images'});
  section(title).append(box);
  for (const shown of all) {
    const figure = element('figure', undefined, {title: shown.key});
    if (shown.image) figure.append(element('img', undefined, {src: shown.image, alt: shown.key}));
    figure.append(element('div', shown.label, {class: 'right'}));
    const right = shown.predicted === shown.label;
    predictions(shown).forEach((text, i) => figure.append(element('div', text, {class: i === 0 && !right ? 'wrong' : ''})));
    box.append(figure);
  }
}

runs();
evaluations();
examples();
if (report.runs.length) facts();
show();
