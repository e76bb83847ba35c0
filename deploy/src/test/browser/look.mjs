// A page as people see it, on a desktop and a phone, in light and dark.
import chromium from '@sparticuz/chromium';
import puppeteer from 'puppeteer-core';

const DEVICES = [['desktop', 1280, 900], ['phone', 360, 740]];

// ready: selects what is there once the page has drawn itself; act(page, device, theme): what is done on it then, whose
// result is a field of what is returned
export async function look(url, screenshots, {ready = 'body', act = async () => null} = {}) {
  const browser = await puppeteer.launch({executablePath: await chromium.executablePath(), headless: 'shell',
    args: [...chromium.args, '--no-sandbox']});
  const seen = [];
  for (const [device, width, height] of DEVICES) {
    for (const theme of ['light', 'dark']) {
      const page = await browser.newPage();
      const errors = errorsOf(page), requests = [];
      page.on('request', request => { if (!/^(data|blob):/.test(request.url())) requests.push(request.url()); });
      await page.setViewport({width, height, isMobile: device === 'phone', hasTouch: device === 'phone'});
      await page.emulateMediaFeatures([{name: 'prefers-color-scheme', value: theme}]);
      await page.goto(url, {waitUntil: 'load'});
      await page.waitForSelector(ready);
      const acted = await act(page, device, theme);
      seen.push({device, theme, errors, requests, acted, ...await page.evaluate(describe)});
      await page.screenshot({path: `${screenshots}/${device}-${theme}.png`, fullPage: true});
      await page.close();
    }
  }
  await browser.close();
  return seen;
}

// What a page's console and scripts complain of, from now on.
export function errorsOf(page) {
  const errors = [];
  page.on('console', message => { if (message.type() !== 'log') errors.push(message.text()); });
  page.on('pageerror', error => errors.push(String(error)));
  return errors;
}

// Runs in the page.
function describe() {
  return {
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
  };
}
