const number = text => ({text, number: true});
const names = report.models.map(one => one.model.replace(/\/+$/, '').replace(/\/model$/, '').replace(/.*\//, ''));
const called = report.models.map((one, i) => names.indexOf(names[i]) === names.lastIndexOf(names[i]) ? names[i] : one.model);

// lines: {name, color, points: [[x, y]], dashed, width, unlisted: not in the legend}; a logarithmic axis has no place for zero
function curves(parent, title, caption, x, y, lines, more = {}) {
  const positive = more.type === 'log';
  const shown = lines.map(line => ({...line, points: line.points.filter(point => !positive || point[1] > 0)}))
    .filter(line => line.points.length);
  if (!shown.length) return;
  chart(parent, title, caption, () => ({
    xAxis: {type: 'value', name: x, nameLocation: 'middle', nameGap: 24, min: 'dataMin', max: 'dataMax', minInterval: 1,
      axisLabel: {hideOverlap: true}},
    yAxis: {type: 'value', name: y, nameTextStyle: {align: 'left'}, axisLabel: {formatter: short}, ...more},
    legend: {top: 0, type: 'scroll', lineStyle: {width: 'inherit'}, data: shown.filter(line => !line.unlisted).map(line => line.name)},
    grid: {left: 8, right: 16, top: 56, bottom: 24, containLabel: true},
    series: shown.map(line => ({
      name: line.name, type: 'line', symbol: 'circle', symbolSize: line.dashed ? 0 : 5,
      itemStyle: {color: colors()[line.color % ON_LIGHT.length]},
      lineStyle: {width: line.width || 2, type: line.dashed ? 'dashed' : 'solid', color: colors()[line.color % ON_LIGHT.length]},
      data: line.points,
    })),
  }));
}

function charts(title, note) {
  const made = element('div', undefined, {class: 'charts'});
  section(title, note).append(made);
  return made;
}

// of: model => its values, in order
const inOrder = of => report.models.map((one, i) => ({name: called[i], color: i, points: of(one).map((value, n) => [n + 1, value])}));
const mean = values => values.reduce((sum, value) => sum + value, 0) / values.length;

function responses() {
  const parent = charts('Standard deviations of layer responses', 'Of each 3x3 convolution after batch normalisation,'
    + ' before the non-linearity or addition (He et al. 2015, figure 7). Batch normalisation has the statistics of evaluation.');
  const axes = ['layer', 'standard deviation'];
  curves(parent, 'In order', 'Layers from the image to the classifier.', ...axes,
    inOrder(one => one.layers.map(layer => layer.standard_deviation)), {min: 0});
  curves(parent, 'Ranked', 'The same values, the largest first.', ...axes, inOrder(one => one.ranked), {min: 0});
  section('Models').append(table(['model', 'network', number('3x3 layers'), number('mean'), number('smallest'), number('largest'),
    'not normalised'], report.models.map((one, i) => [called[i], one.network, number(whole(one.layers.length)),
    number(short(mean(one.ranked))), number(short(one.ranked[one.ranked.length - 1])), number(short(one.ranked[0])),
    one.layers.filter(layer => !layer.normalized).length ? one.layers.filter(layer => !layer.normalized).length
      + ' layers that no batch normalisation follows: their own outputs' : ''])));
  perModel(['layer', number('channels'), number('standard deviation')],
    one => one.layers.map(layer => [layer.layer, number(layer.channels), number(short(layer.standard_deviation))]));
}

function perModel(head, rows) {
  report.models.forEach((one, i) => {
    const made = element('details');
    made.append(element('summary', called[i]), table(head, rows(one)));
    main.append(made);
  });
}

function lesion() {
  const parent = charts('Error without a part', 'Of a residual network a block is removed, and its shortcut stays; of a network'
    + ' without shortcuts, a 3x3 layer that keeps the shape (Veit et al. 2016, section 4). Nothing is trained again.');
  curves(parent, 'One part removed', 'Dashed: the whole network.', 'part', 'error, %', report.models.flatMap((one, i) => {
    const points = one.parts.map((part, n) => [n + 1, part.error]).filter(point => point[1] != null);
    return [{name: called[i], color: i, points: points.map(([n, error]) => [n, 100 * error])},
      {name: called[i] + ': whole', color: i, dashed: true, width: 1, unlisted: true,
        points: points.length ? [points[0], points[points.length - 1]].map(point => [point[0], 100 * one.error]) : []}];
  }), {min: 0, max: 100});
  curves(parent, 'Several parts removed at random', 'Mean of the draws; thin: the smallest and the largest.', 'parts removed', 'error, %',
    report.models.flatMap((one, i) => [[mean, '', 3], [errors => Math.min(...errors), ': smallest', 1],
      [errors => Math.max(...errors), ': largest', 1]].map(([of, text, width]) => ({name: called[i] + text, color: i, width, unlisted: text !== '',
      points: [[0, 100 * one.error], ...one.random.map(some => [some.removed_parts, 100 * of(some.errors)])]})))
      .filter(line => line.points.length > 1), {min: 0, max: 100});
  section('Models').append(table(['model', 'network', 'part', number('removable'), number('error, whole'), number('one removed: mean'),
    number('worst')], report.models.map((one, i) => {
    const errors = one.parts.filter(part => part.error != null).map(part => part.error);
    return [called[i], one.network, one.unit, number(`${errors.length} of ${one.parts.length}`), number(percent(one.error)),
      ...(errors.length ? [number(percent(mean(errors))), number(percent(Math.max(...errors)))] : ['', ''])];
  })));
  perModel(['part', number('error without it'), 'remark'], one => one.parts.map(part => [part.name,
    number(part.error == null ? '' : percent(part.error)), part.obstacle ? 'not removable: ' + part.obstacle
      : part.changes_shape ? 'changes the shape' : '']));
}

function gradients() {
  const log = {type: 'log'};
  const depth = charts('Gradient by depth', 'Norms of the gradient of the cross-entropy, as in a training step without dropout:'
    + ' batch normalisation has the statistics of each batch.');
  curves(depth, 'By the weights of each layer', 'Norm of the mean gradient of the sample, from the image to the classifier.',
    'layer', 'norm', inOrder(one => one.weights.map(layer => layer.gradient_norm)), log);
  curves(depth, 'By the output of each block', 'Norm for one image, root of the mean square; of networks without shortcuts, by the'
    + ' output of each convolution.', 'block', 'norm', inOrder(one => one.outputs.map(block => block.gradient_norm)), log);
  const paths = charts('Gradient by path length', 'A path passes some blocks by the residual branch, the others by the shortcut'
    + ' (Veit et al. 2016, section 4.3). Networks without shortcuts have one path, and none here.');
  const ofPaths = of => report.models.map((one, i) => ({name: called[i], color: i,
    points: one.paths.map(path => [path.length, of(path, one)])}));
  const axes = ['residual branches passed'];
  curves(paths, 'Of one path', "Norm of the gradient at the first block's input, mean over sampled paths.", ...axes, 'norm',
    ofPaths(path => path.gradient_norm), log);
  curves(paths, 'Number of paths', 'Ways to choose the branches.', ...axes, 'paths', ofPaths(path => path.paths), log);
  curves(paths, 'Of all paths of a length', 'Norm times number of paths, as a share of the sum over the lengths.', ...axes,
    'share, %', ofPaths((path, one) => 100 * path.total / one.paths.reduce((sum, other) => sum + other.total, 0)), {min: 0});
  section('Models').append(table(['model', 'network', number('blocks'), number('length of half of the gradient')],
    report.models.map((one, i) => [called[i], one.network, number(one.blocks || ''), number(half(one.paths))])));
}

// The length up to which paths carry half of the sum of norms.
function half(paths) {
  const all = paths.reduce((sum, path) => sum + path.total, 0);
  let sum = 0;
  for (const path of paths) {
    sum += path.total;
    if (2 * sum >= all) return path.length;
  }
  return '';
}

document.getElementById('subtitle').textContent = `${whole(report.images)} images of ${report.split}, ${report.dataset}`;
({responses, lesion, gradients})[report.analysis]();
show();
