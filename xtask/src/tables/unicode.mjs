// Prints a table of Unicode's data as this Node has it: `letters`, composed of a letter and a mark, or
// `countries`, by their codes and by the names that they have in seven languages.
import { readFileSync } from 'node:fs';

const LANGUAGES = ['en', 'de', 'fr', 'es', 'pt', 'pt-PT', 'it', 'nl'];
// Names of more than one country.
const AMBIGUOUS = new Set(['congo', 'korea', 'america', 'emirates', 'guayana', 'samoas']);
// Letters that do not decompose into a letter and a mark, as people write them in plain letters.
const PLAIN = { ß: 'ss', æ: 'ae', œ: 'oe', ø: 'o', ł: 'l', đ: 'd', ı: 'i', þ: 'th', '&': 'and' };

/** Small letters by the mark that they are composed with: a line each, first the mark. */
function letters() {
    const byMark = new Map();
    for (let code = 0xc0; code < 0x2000; code++) {
        const letter = String.fromCodePoint(code);
        const parts = [...letter.normalize('NFD')];
        const mark = parts.pop();
        const base = parts.join('').normalize('NFC');
        const small = letter.toLowerCase() === letter && [...base].length === 1;
        const composed = `${base}${mark}`.normalize('NFC') === letter && base !== '';
        if (small && composed && mark >= '\u0300' && mark <= '\u036f') {
            byMark.set(mark, `${byMark.get(mark) ?? ''}${base}${letter}`);
        }
    }
    return [...byMark].map(([mark, pairs]) => `${mark}${pairs}`).join('\n');
}

/** A name as `fold` of src/countries.rs folds it. */
function fold(name) {
    const spelled = [...name.toLowerCase()].map((letter) => PLAIN[letter] ?? letter).join('');
    const words = spelled.normalize('NFD').replace(/\p{M}/gu, '').split(/[^\p{L}\p{N}]+/u);
    return words.map((word) => (word === 'st' ? 'saint' : word)).join('');
}

/** Countries: alpha-2, alpha-3 and numeric code, then folded names. */
function countries() {
    const lines = readFileSync(new URL('countries.txt', import.meta.url), 'utf8').trim().split('\n');
    const tables = LANGUAGES.map((language) => new Intl.DisplayNames([language], { type: 'region' }));
    const owners = new Map();
    const rows = lines.map((line) => {
        const [code, alpha3, numeric, ...rest] = line.split(' ');
        const own = rest.join(' ').split('; ');
        const names = new Set([...own, ...tables.map((table) => table.of(code))].map(fold));
        for (const name of names) {
            if (AMBIGUOUS.has(name)) {
                names.delete(name);
            } else if (owners.has(name)) {
                throw new Error(`${name} is ${owners.get(name)} and ${code}`);
            }
            owners.set(name, code);
        }
        return [code, alpha3, numeric, ...[...names].sort()].join(' ');
    });
    return rows.join('\n');
}

const tables = { letters, countries };
console.log(tables[process.argv[2]]());
