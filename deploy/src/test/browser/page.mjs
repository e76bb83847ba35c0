// Opens a page and prints what came of it as JSON.
//   node page.mjs URL SCREENSHOTS
import {look} from './look.mjs';

const [url, screenshots] = process.argv.slice(2);
console.log(JSON.stringify(await look(url, screenshots)));
