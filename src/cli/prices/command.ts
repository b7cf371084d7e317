/**
 * `npm run prices`: builds the price catalogue from the sources, from a folder or from URLs, and writes it where it is bundled.
 * Fails, and writes nothing, when two sources disagree in a way that is not written down.
 */
import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import type { PriceSource } from '../../ledger/prices/bundled.ts'
import { ROOT } from '../root.ts'
import { buildCatalogue, catalogueText, type SourceTexts } from './build/build-catalogue.ts'
import type { KnownDisagreements } from './build/check.ts'

const PRICES = join(ROOT, 'src', 'ledger', 'prices')
const CATALOGUE = join(PRICES, 'catalogue.json')
const KNOWN = join(import.meta.dirname, 'build', 'known-disagreements.json')
/** Used where nothing else is named. */
const DEFAULT_FOLDER = join(ROOT, '..', 'shared', 'prices')

const EXIT_DISAGREEMENT = 1
const EXIT_BAD_USAGE = 2

const USAGE = `usage: npm run prices -- [--from FOLDER] [--litellm FILE|URL] [--litellm-additions FILE|URL|none]
       [--genai FILE|URL] [--lmux FILE|URL] [--source NAME=VERSION@DAY ...] [--day YYYY-MM-DD] [--check]`

/** Files of a source folder. */
const FILES = {
  litellm: 'litellm-bedrock.json',
  'litellm-additions': 'litellm-bedrock-1.109.1-additions.json',
  genai: 'genai-prices-aws.json',
  lmux: 'lmux-bedrock.json',
} as const

/** Versions of the files in the source folder and the day they were taken. */
const DEFAULT_SOURCES: readonly PriceSource[] = [
  { name: 'litellm', version: '1.106.2 with the additions of 1.109.1', day: '2026-11-23' },
  { name: 'genai-prices', version: '0.2.3', day: '2026-11-23' },
  { name: 'lmux', version: 'lmux-aws-bedrock 0.13.6, lmux-bedrock-shared 0.3.5', day: '2026-11-23' },
]

/** @returns the exit code: 0; 1 for a disagreement, or with `--check` a catalogue that is not the one built; 2 for bad usage */
export async function runPricesCommand(argv: readonly string[]): Promise<number> {
  const options = readOptions(argv)
  if (typeof options === 'string') return fail(`${options}\n${USAGE}`, EXIT_BAD_USAGE)
  const known = JSON.parse(await readFile(KNOWN, 'utf8')) as KnownDisagreements
  const before = await readFile(CATALOGUE, 'utf8').catch(() => null)
  const { day, sources } = options
  let rows: ReturnType<typeof buildCatalogue>['rows']
  try {
    const built = buildCatalogue({ texts: await readTexts(options.places), sources, known, day })
    if (built.faults.length > 0) {
      return fail(
        [
          `The sources disagree, so no catalogue was written (${built.faults.length}).`,
          ...built.faults,
          'Decide which value holds, then write it down with the reason in src/cli/prices/build/known-disagreements.json.',
        ].join('\n'),
        EXIT_DISAGREEMENT,
      )
    }
    rows = built.rows
  } catch (error) {
    return fail(`A source cannot be used: ${error instanceof Error ? error.message : error}`, EXIT_BAD_USAGE)
  }
  // The version names the rows, so it stays while they stay.
  const version = before === null ? day : (JSON.parse(before) as { version: string }).version
  const unchanged = before === catalogueText(version, sources, rows)
  if (unchanged) return report(`${CATALOGUE} is up to date: ${rows.length} rows, version ${version}`)
  if (options.check) return fail(`${CATALOGUE} is not what the sources give: run npm run prices`, EXIT_DISAGREEMENT)
  const text = catalogueText(day, sources, rows)
  await writeFile(CATALOGUE, text)
  return report(`${CATALOGUE} written: ${rows.length} rows, ${text.length} bytes, version ${day}`)
}

type Options = {
  places: Record<keyof typeof FILES, string>
  sources: readonly PriceSource[]
  day: string
  check: boolean
}

/** Throws where `parseArgs` does: for an option that is not known or lacks its value. */
const parseCommandLine = (argv: readonly string[]) =>
  parseArgs({
    args: [...argv],
    options: {
      from: { type: 'string' },
      litellm: { type: 'string' },
      'litellm-additions': { type: 'string' },
      genai: { type: 'string' },
      lmux: { type: 'string' },
      source: { type: 'string', multiple: true },
      day: { type: 'string' },
      check: { type: 'boolean' },
    },
  }).values

/** The options, or what is wrong with them. */
function readOptions(argv: readonly string[]): Options | string {
  let values: ReturnType<typeof parseCommandLine>
  try {
    values = parseCommandLine(argv)
  } catch (error) {
    return error instanceof Error ? error.message : String(error)
  }
  const day = values.day ?? new Date().toISOString().slice(0, 10)
  if (!/^\d{4}-\d{2}-\d{2}$/.test(day)) return `--day ${day} is not a day`
  const sources = new Map(DEFAULT_SOURCES.map((source) => [source.name, source]))
  for (const text of values.source ?? []) {
    const match = /^([^=]+)=(.+)@(\d{4}-\d{2}-\d{2})$/.exec(text)
    const [, name = '', version = '', sourceDay = ''] = match ?? []
    if (!sources.has(name))
      return `--source ${text}: expected NAME=VERSION@DAY with one of ${[...sources.keys()].join(', ')}`
    sources.set(name, { name, version, day: sourceDay })
  }
  const place = (name: keyof typeof FILES): string => values[name] ?? join(values.from ?? DEFAULT_FOLDER, FILES[name])
  const places = {
    litellm: place('litellm'),
    'litellm-additions': place('litellm-additions'),
    genai: place('genai'),
    lmux: place('lmux'),
  }
  return { places, sources: [...sources.values()], day, check: values.check ?? false }
}

async function readTexts(places: Options['places']): Promise<SourceTexts> {
  const additions = places['litellm-additions']
  const [litellm, litellmAdditions, genai, lmux] = await Promise.all([
    readPlace(places.litellm),
    additions === 'none' ? undefined : readPlace(additions),
    readPlace(places.genai),
    readPlace(places.lmux),
  ])
  return { litellm, litellmAdditions, genai, lmux }
}

async function readPlace(place: string): Promise<string> {
  if (!/^https?:\/\//.test(place)) return readFile(place, 'utf8')
  const response = await fetch(place)
  if (!response.ok) throw new Error(`${place} answers ${response.status}`)
  return response.text()
}

function report(message: string): number {
  process.stdout.write(`${message}\n`)
  return 0
}

function fail(message: string, code: number): number {
  process.stderr.write(`${message}\n`)
  return code
}
