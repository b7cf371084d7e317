import { describe, expect, test } from 'vitest'
import { readConfig, resolveConfig } from '../../../src/config/resolve.ts'
import { assumeSecrets } from '../../../src/config/secrets.ts'
import { KNOWN_SETTINGS, knownSetting, type Section } from '../../../src/config/settings/known-settings.ts'
import { flag } from '../../../src/config/settings/schema-parts.ts'
import { meaningless, type Setting, settingTable, used } from '../../../src/config/settings/setting.ts'
import { deployment, errorsOf, type Json, sample, valid, warningsOf } from '../samples.ts'
import { EFFECTS } from './effects.ts'

/** The smallest configuration in which this setting is switched on. */
function withSetting(section: Section, name: string, value: unknown): { raw: Json; path: string } {
  const setting = { [name]: value }
  const entry = deployment('nova')
  switch (section) {
    case 'top-level':
      return { raw: sample(setting), path: name }
    case 'model_list':
      return { raw: sample({ model_list: [{ ...entry, ...setting }] }), path: `model_list[0].${name}` }
    case 'litellm_params':
      return {
        raw: sample({ model_list: [deployment('nova', setting)] }),
        path: `model_list[0].litellm_params.${name}`,
      }
    case 'model_info':
      return {
        raw: sample({ model_list: [deployment('nova', {}, setting)] }),
        path: `model_list[0].model_info.${name}`,
      }
    case 'general_settings':
      return {
        raw: sample({ general_settings: { master_key: 'sk-a-master-key', ...setting } }),
        path: `general_settings.${name}`,
      }
    default:
      return { raw: sample({ [section]: setting }), path: `${section}.${name}` }
  }
}

const ALL = (Object.keys(KNOWN_SETTINGS) as Section[]).flatMap((section) =>
  Array.from(KNOWN_SETTINGS[section].all, ([name, setting]): [Section, string, Setting] => [section, name, setting]),
)

test('every setting that restricts calls or is not supported is one error at its path, with the reason', async () => {
  let checked = 0
  for (const [section, name, setting] of ALL) {
    if (setting.effect !== 'restricts' && setting.effect !== 'unsupported') continue
    const { raw, path } = withSetting(section, name, 'on')
    const errors = await errorsOf(raw)
    expect(errors, path).toHaveLength(1)
    expect(errors[0]).toMatch(`${path}: `)
    expect(errors[0]).toContain(setting.because)
    checked += 1
  }
  expect(checked).toBeGreaterThan(70)
})

test('every setting that means nothing here is one warning at its path, with the reason', async () => {
  let checked = 0
  for (const [section, name, setting] of ALL) {
    if (setting.effect !== 'meaningless') continue
    const { raw, path } = withSetting(section, name, 'on')
    expect(await warningsOf(raw)).toEqual([`${path}: has no effect here: ${setting.because}`])
    checked += 1
  }
  expect(checked).toBeGreaterThan(200)
})

describe('a setting that is used', () => {
  const usedSettings = ALL.filter(([, , { effect }]) => effect === 'used').map(
    ([section, name]) => `${section} ${name}`,
  )

  test('has an example of its effect, and nothing else has', () => {
    expect(Object.keys(EFFECTS).toSorted()).toEqual(usedSettings.toSorted())
  })

  test.for(Object.entries(EFFECTS))(
    'changes what the gateway runs on: %s',
    async ([, { without, having, env }], { expect }) => {
      const before = await readConfig(without, env ?? {})
      const { version: _, ...after } = await valid(having, env)
      const { version: __, ...runsOn } = before.ok ? before.config : { version: '' }
      expect(after).not.toEqual(runsOn)
    },
  )

  test('is taken for something valid where its secret is not at hand', async () => {
    for (const [section, name, setting] of ALL) {
      if (setting.effect !== 'used' || STRUCTURED.has(`${section} ${name}`)) continue
      const { raw, path } = withSetting(section, name, 'os.environ/NAME')
      const result = await resolveConfig(raw, assumeSecrets())
      expect(result.ok ? [] : result.issues, path).toEqual([])
    }
  })
})

/** Sections, lists and mappings, in which a reference stands for a part and never for the whole. */
const STRUCTURED: ReadonlySet<string> = new Set([
  ...[...KNOWN_SETTINGS['top-level'].all.keys()].map((name) => `top-level ${name}`),
  'model_list litellm_params',
  'model_list model_info',
  ...['router_settings', 'litellm_settings'].flatMap((section) =>
    ['fallbacks', 'context_window_fallbacks', 'default_fallbacks'].map((name) => `${section} ${name}`),
  ),
  // A name that must be there, and a mapping.
  'litellm_params litellm_credential_name',
  'litellm_params extra_headers',
  'router_settings retry_policy',
  'router_settings model_group_retry_policy',
  'router_settings model_group_alias',
  'router_settings model_group_routing_strategy',
  'router_settings model_group_regions',
])

test('every credential is hidden from people', () => {
  const names = [
    'aws_access_key_id',
    'aws_secret_access_key',
    'aws_session_token',
    'aws_bearer_token_bedrock',
    'api_key',
  ]
  for (const name of names) expect(knownSetting('litellm_params', name)?.visibility).toBe('hidden')
  expect(knownSetting('general_settings', 'master_key')?.visibility).toBe('hidden')
})

test('no setting can stand twice in the table of one section', () => {
  expect(() => settingTable({ a: used(flag, 'shown') }, meaningless('b', ['a']))).toThrow('twice')
  expect(() => settingTable({}, meaningless('b', ['a']), meaningless('c', ['a']))).toThrow('twice')
})

test.for([false, null, [], {}, ''])(
  'a restriction that is switched off (%j) is neither error nor warning',
  async (value, { expect }) => {
    expect(await warningsOf(withSetting('general_settings', 'allowed_ips', value).raw)).toEqual([])
  },
)

test('a reference in a setting that is not read need not be set', async () => {
  expect(
    await warningsOf(
      sample({ general_settings: { master_key: 'sk-a-master', database_url: 'os.environ/DATABASE_URL' } }),
    ),
  ).toEqual([expect.stringMatching(/^general_settings\.database_url: has no effect here/)])
})
