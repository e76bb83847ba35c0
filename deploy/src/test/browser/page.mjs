// Opens a page as people see it, on a desktop and a phone, in light and dark, and prints what came of it as JSON.
//   node page.mjs URL SCREENSHOTS
import chromium from '@sparticuz/chromium';
import puppeteer from 'puppeteer-core';

const [url, screenshots] = process.argv.slice(2);
const browser = await puppeteer.launch({executablePath: await chromium.executablePath(), headless: 'shell',
  args: [...chromium.args, '--no-sandbox']});
const seen = [];
for (const [device, width, height] of [['desktop', 1280, 900], ['phone', 360, 740]]) {
  for (const theme of ['light', 'dark']) {
    const page = await browser.newPage();
    const errors = [], requests = [];
    page.on('console', message => { if (message.type() !== 'log') errors.push(message.text()); });
    page.on('pageerror', error => errors.push(String(error)));
    page.on('request', request => { if (!/^(data|blob):/.test(request.url())) requests.push(request.url()); });
    await page.setViewport({width, height, isMobile: device === 'phone', hasTouch: device === 'phone'});
    await page.emulateMediaFeatures([{name: 'prefers-color-scheme', value: theme}]);
    await page.goto(url, {waitUntil: 'load'});
    seen.push({device, theme, errors, requests, ...await page.evaluate(() => ({
      title: document.title,
      text: document.body.innerText,
      background: getComputedStyle(document.body).backgroundColor,
      overflow: document.documentElement.scrollWidth - document.documentElement.clientWidth,
      charts: [...document.querySelectorAll('.chart')].map(chart => ({
        name: chart.getAttribute('aria-label'),
        width: chart.querySelector('svg')?.clientWidth ?? 0,
        shapes: chart.querySelectorAll('svg path').length,
        // So does ECharts draw the lines of series.
        lines: [...chart.querySelectorAll('svg path[stroke-linejoin=bevel]')]
          .map(path => `${path.getAttribute('stroke')} ${path.getAttribute('stroke-width') ?? 1}`),
      })),
      images: [...document.images].map(image => image.complete && image.naturalWidth > 0),
    }))});
    await page.screenshot({path: `${screenshots}/${device}-${theme}.png`, fullPage: true});
    await page.close();
  }
}
await browser.close();
console.log(JSON.stringify(seen));
