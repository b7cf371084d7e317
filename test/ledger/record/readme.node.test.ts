/** The ledger's README says of fields and log lines what the code says. */
import { readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { FIELDS } from '../../../src/ledger/record/fields.ts'
import { type Field, formOf } from '../../../src/ledger/record/kinds.ts'
import { EVENTS } from '../../../src/telemetry/events.ts'

const README = readFileSync(new URL('../../../src/ledger/README.md', import.meta.url), 'utf8')

/** Cells of the first table below a heading, head and rule left out. */
function tableBelow(heading: string): string[][] {
  const section = README.split(`\n${heading}\n`)[1]?.split(/\n#+ /)[0] ?? ''
  const lines = section.split('\n').filter((line) => line.startsWith('|'))
  return lines.slice(2).map((line) =>
    line
      .split(/(?<!\\)\|/)
      .slice(1, -1)
      .map((cell) => cell.trim()),
  )
}

function kindOf(field: Field): string {
  if (field.kind === 'word') return field.words.map((word) => `\`${word}\``).join(', ')
  return formOf(field) === 'json' ? `${field.kind} (JSON)` : field.kind
}

describe('the README of the ledger', () => {
  test('has a row for each field of a record, with its kind, its filter and what it is', () => {
    const rows = Object.entries<Field>(FIELDS).map(([name, field]) => [
      `\`${name}\``,
      kindOf(field),
      field.filter === undefined ? '' : `\`${field.filter.param}\``,
      field.description,
    ])
    expect(tableBelow('### Fields of a record')).toEqual(rows)
  })

  test('shows an example of a row with every field', () => {
    const [, below = ''] = README.split('\n### Fields of a record\n')
    const example = JSON.parse(/```json\n([\s\S]*?)```/.exec(below)?.[1] ?? '{}') as object
    expect(Object.keys(example).toSorted()).toEqual([...Object.keys(FIELDS), 'spend'].toSorted())
  })

  test('has a row for each log line of the ledger', () => {
    const events = Object.entries(EVENTS).filter(([name]) => name.startsWith('spend_'))
    expect(tableBelow('## Log lines')).toEqual(events.map(([name, meaning]) => [`\`${name}\``, meaning]))
  })
})
