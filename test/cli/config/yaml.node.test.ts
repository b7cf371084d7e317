import { describe, expect, test } from 'vitest'
import { parseYaml } from '../../../src/cli/config/yaml.ts'

function parsed(text: string): unknown {
  const result = parseYaml(text)
  if (!result.ok) throw new Error(JSON.stringify(result.issues))
  return result.value
}

describe('a plain scalar has the type that PyYAML gives it', () => {
  test.for<[string, unknown]>([
    ['yes', true],
    ['On', true],
    ['NO', false],
    ['off', false],
    ['y', 'y'],
    ['n', 'n'],
    ['~', null],
    ['', null],
    ['3e-06', '3e-06'],
    ['1.5e7', '1.5e7'],
    ['3.0e-06', 3e-6],
    ['.5', 0.5],
    ['-.5', '-.5'],
    ['1.', 1],
    ['1_000', 1000],
    ['010', 8],
    ['09', '09'],
    ['0o7', '0o7'],
    ['0x1F', 31],
    ['-0b11', -3],
    ['1:30', 90],
    ['1:30.5', 90.5],
    ['.inf', '.inf'],
    ['9007199254740993', '9007199254740993'],
    ['2026-11-23', '2026-11-23'],
    ['os.environ/KEY', 'os.environ/KEY'],
    ['"yes"', 'yes'],
    ["'010'", '010'],
    ['!!str 5', '5'],
    ['!!int 5', 5],
    ['!!float 5', 5],
    ['!!bool "yes"', true],
  ])('%s', ([text, value], { expect }) => {
    expect(parsed(`a: ${text}\n`)).toEqual({ a: value })
  })

  test('block scalars are text', () => {
    expect(parsed('a: |\n  5\nb: >-\n  yes\n')).toEqual({ a: '5\n', b: 'yes' })
  })
})

describe('a price keeps the text of the file', () => {
  test.for([
    ['0.000003', '0.000003'],
    ['3e-06', '3e-06'],
    ['.0000000075', '.0000000075'],
    ['1.25e-7', '1.25e-7'],
    ['0.1000000000000000055', '0.1000000000000000055'],
    ['1_000.5', '1000.5'],
    ['0', '0'],
    ['"3e-06"', '3e-06'],
  ])('%s', ([text, value], { expect }) => {
    expect(parsed(`input_cost_per_token: ${text}\n`)).toEqual({ input_cost_per_token: value })
  })

  test('but not what only looks like a decimal, and not other numbers', () => {
    expect(parsed('input_cost_per_token: 010\nweight: 0.50\n')).toEqual({ input_cost_per_token: 8, weight: 0.5 })
  })
})

describe('anchors and merge keys', () => {
  const text = `
defaults: &defaults
  aws_region_name: eu-central-1
  rpm: 10
more: &more {rpm: 20, tpm: 5}
one:
  rpm: 30
  <<: *defaults
two:
  <<: [*more, *defaults]
  weight: 1
three: *more
quoted:
  "<<": 1
`
  test('own settings win over merged ones, and the first of several sources wins', () => {
    expect(parsed(text)).toMatchObject({
      one: { aws_region_name: 'eu-central-1', rpm: 30 },
      two: { aws_region_name: 'eu-central-1', rpm: 20, tpm: 5, weight: 1 },
      three: { rpm: 20, tpm: 5 },
      quoted: { '<<': 1 },
    })
  })

  test('a merged setting has the line of its anchor', () => {
    const result = parseYaml(text)
    expect(result.ok && result.lineOf('two.aws_region_name')).toBe(3)
    expect(result.ok && result.lineOf('two.weight')).toBe(11)
  })

  test('aliases that would expand without bound are refused', () => {
    const lines = ['a0: &a0 [x, x, x, x, x, x, x, x, x, x]']
    for (let level = 1; level < 8; level += 1) {
      lines.push(
        `a${level}: &a${level} [${Array(10)
          .fill(`*a${level - 1}`)
          .join(', ')}]`,
      )
    }
    expect(parseYaml(lines.join('\n'))).toMatchObject({ ok: false, issues: [{ message: /too large/ }] })
  })

  test('an alias inside its own anchor is refused', () => {
    expect(parseYaml('a: &a\n  b: *a\n')).toMatchObject({ ok: false, issues: [{ path: 'a.b', line: 2, column: 6 }] })
  })
})

test('of a setting that stands twice in one block the last counts, as for PyYAML, with a warning at each other', () => {
  const read = parseYaml('a: 1\nb: {c: 1, c: {d: 2}, c: 3}\na: 4\n')
  expect(read).toMatchObject({ ok: true, value: { a: 4, b: { c: 3 } } })
  expect(read.ok && read.warnings.map(({ path, line, column }) => [path, line, column])).toEqual([
    ['a', 1, 1],
    ['b.c', 2, 5],
    ['b.c', 2, 11],
  ])
  expect(read.ok && read.lineOf('a')).toBe(3)
  expect(parseYaml('x: &x {a: 1}\ny:\n  <<: *x\n  a: 2\n')).toMatchObject({
    ok: true,
    value: { y: { a: 2 } },
    warnings: [],
  })
})

describe('a fault of the text is reported with line and column', () => {
  test.for([
    ['a bracket that is not closed', 'a: [1, 2\nb: 3\n', 2, 1, /not valid YAML/],
    ['a tab that indents', 'a:\n\tb: 1\n', 2, 1, /not valid YAML/],
    ['a second document', 'a: 1\n---\nb: 2\n', 2, 1, /more than one YAML document/],
    ['a tag that runs code', 'a: !!python/object/apply:os.system [ls]\n', 1, 36, /no meaning/],
    ['a number tagged as what it is not', 'a: !!int x\n', 1, 10, /does not fit/],
    ['a name that is a list', '? [a, b]\n: 1\n', 1, 1, /write plain text/],
    ['a merge of a number', 'a:\n  <<: 5\n', 2, 7, /takes a mapping/],
  ] as const)('%s', ([, text, line, column, says], { expect }) => {
    const result = parseYaml(text)
    expect(result.ok).toBe(false)
    const [issue] = result.ok ? [] : result.issues
    expect(issue).toMatchObject({ severity: 'error', line, column })
    expect(issue?.message).toMatch(says)
  })
})

test('the line of a setting that is absent is that of what should hold it', () => {
  const result = parseYaml('# comment\nmodel_list:\n  - model_name: a.b\n    litellm_params: {}\nx:\n  "a.b": [1]\n')
  if (!result.ok) throw new Error('faulty')
  expect(result.lineOf('model_list[0].litellm_params.aws_region_name')).toBe(4)
  expect(result.lineOf('model_list[0]')).toBe(3)
  expect(result.lineOf('x["a.b"][0]')).toBe(6)
  expect(result.lineOf('general_settings.master_key')).toBe(1)
  expect(result.lineOf('')).toBe(1)
})

test('an empty file is an empty configuration', () => {
  expect(parsed('')).toBe(null)
  expect(parsed('# nothing\n')).toBe(null)
})

test('names that JavaScript objects have of their own are names like any other', () => {
  expect(Object.keys(parsed('__proto__: {a: 1}\nconstructor: 2\n') as object)).toEqual(['__proto__', 'constructor'])
})
