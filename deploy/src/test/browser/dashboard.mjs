// Goes through the dashboard by the keyboard alone, and has an image classified; then drops one on it by the mouse, and opens
// a run's report. Prints what came of it as JSON.
//   node dashboard.mjs URL SCREENSHOTS RUN IMAGE
import {errorsOf, look} from './look.mjs';

const [url, screenshots, run, image] = process.argv.slice(2);

const focused = page => page.evaluate(() => {
  const one = document.activeElement;
  const style = getComputedStyle(one);
  return {name: one.id || one.dataset.key || one.textContent.trim(), outline: style.outlineStyle !== 'none' && style.outlineWidth !== '0px'};
});

async function act(page) {
  const stops = [];
  const invisible = [];
  for (let i = 0; i < 200; i++) {
    await page.keyboard.press('Tab');
    const {name, outline} = await focused(page);
    if (await page.evaluate(() => document.activeElement === document.body)) break;
    if (stops.length && name === stops[0]) break; // around
    stops.push(name);
    if (!outline) invisible.push(name);
    if (name === 'Runs') { // a section's link, which moves the page and the focus
      await page.keyboard.press('Enter');
      await page.waitForFunction(() => location.hash === '#runs');
      await page.evaluate(() => document.querySelector('a[href="#runs"]').focus());
    }
    if (name === run) {
      await page.keyboard.press('Enter');
      await page.waitForFunction(name => document.querySelector('#run h3')?.textContent === name
        && document.activeElement.id === 'run', {}, run);
      await page.evaluate(key => document.querySelector(`button[data-key="${key}"]`).focus(), run);
    }
    if (name === 'file') { // Enter would open the system's dialogue, which a headless browser does not always have
      await (await page.$('#file')).uploadFile(image);
      await page.waitForSelector('#prediction .guess meter');
      await page.waitForFunction(() => document.querySelector('#prediction img.map').naturalWidth >= 224);
    }
  }
  return {stops, invisible, guesses: await guesses(page), dropped: await drop(page), report: await report(page)};
}

const guesses = page => page.evaluate(() => [...document.querySelectorAll('#prediction .guess')].map(one => one.innerText));

async function drop(page) {
  const {x, y} = await page.evaluate(() => {
    document.querySelector('#prediction').replaceChildren();
    document.querySelector('#drop').scrollIntoView({block: 'center'});
    const box = document.querySelector('#drop').getBoundingClientRect();
    return {x: box.x + box.width / 2, y: box.y + box.height / 2};
  });
  const session = await page.createCDPSession();
  for (const type of ['dragEnter', 'dragOver', 'drop']) {
    await session.send('Input.dispatchDragEvent', {type, x, y, data: {items: [], files: [image], dragOperationsMask: 1}});
  }
  await page.waitForSelector('#prediction .guess meter');
  return guesses(page);
}

// A run's scripts are not trusted: the dashboard serves its page in a sandbox.
async function report(page) {
  const url = await page.evaluate(name => document.querySelector(`[data-key="report ${name}"]`).href, run);
  const opened = await page.browser().newPage();
  const errors = errorsOf(opened);
  await opened.goto(url, {waitUntil: 'load'});
  const seen = await opened.evaluate(() => ({origin: self.origin, charts: document.querySelectorAll('.chart svg').length}));
  await opened.close();
  return {errors, ...seen};
}

console.log(JSON.stringify(await look(url, screenshots, {ready: 'body[data-ready]', act})));
