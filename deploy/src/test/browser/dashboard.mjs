// Goes through the dashboard by the keyboard alone, and has an image classified; prints what came of it as JSON.
//   node dashboard.mjs URL SCREENSHOTS RUN IMAGE
import {look} from './look.mjs';

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
  return {stops, invisible, guesses: await page.evaluate(() =>
    [...document.querySelectorAll('#prediction .guess')].map(one => one.innerText))};
}

console.log(JSON.stringify(await look(url, screenshots, {ready: 'body[data-ready]', act})));
