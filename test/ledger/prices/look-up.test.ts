import { describe, expect, it } from 'vitest'
import { findPrice, knowsModel, type PriceKey } from '../../../src/ledger/prices/look-up.ts'
import type { Catalogue, PriceRow, PriceScope } from '../../../src/ledger/prices/price-row.ts'

const row = (
  id: string,
  scopes: PriceScope[],
  regions: string[],
  input: string,
  more: Partial<PriceRow> = {},
): PriceRow => ({
  id,
  scopes,
  regions,
  tier: 'default',
  meters: { input },
  source: 'test',
  how: 'listed',
  ...more,
})

const catalogue: Catalogue = {
  version: '7',
  rows: [
    row('a.b', ['geo'], ['*'], '1'),
    row('a.b', ['region'], ['eu-west-1'], '2'),
    row('a.b', ['geo'], ['eu-west-3'], '3'),
    row('a.b', ['region'], ['*'], '4'),
    row('a.b', ['global'], ['eu-west-1'], '5'),
    row('a.b', ['region'], ['eu-west-1'], '6', { tier: 'flex' }),
  ],
}

const find = (key: Partial<PriceKey>) =>
  findPrice(catalogue, {
    id: 'a.b',
    scope: 'region',
    region: 'us-east-1',
    tier: 'default',
    at: new Date('2026-11-24'),
    ...key,
  })

describe('findPrice', () => {
  it.each<[string, Partial<PriceKey>, string | undefined]>([
    ['its own scope and region first', { scope: 'region', region: 'eu-west-1' }, '2'],
    ['the sibling scope of the same region before any flat row', { scope: 'geo', region: 'eu-west-1' }, '2'],
    ['the sibling the other way round', { scope: 'region', region: 'eu-west-3' }, '3'],
    ['the flat row of its scope', { scope: 'geo', region: 'us-east-1' }, '1'],
    ['the flat row of its scope for the bare id', { scope: 'region', region: 'us-east-1' }, '4'],
    ['a global row in its region', { scope: 'global', region: 'eu-west-1' }, '5'],
    ['nothing for global elsewhere', { scope: 'global', region: 'us-east-1' }, undefined],
    ['nothing for GovCloud', { scope: 'gov', region: 'us-gov-west-1' }, undefined],
    ['no flat row in another partition', { region: 'cn-north-1' }, undefined],
    ['a tier in its region', { region: 'eu-west-1', tier: 'flex' }, '6'],
    ['no other region of a tier', { region: 'us-east-1', tier: 'flex' }, undefined],
    ['no other tier', { region: 'eu-west-1', tier: 'priority' }, undefined],
    ['the id with a trailing :0', { id: 'a.b:0' }, '4'],
    ['no id that only begins alike', { id: 'a.b-2' }, undefined],
    ['no id that is only the beginning', { id: 'a.' }, undefined],
    ['no other version', { id: 'a.b:1' }, undefined],
  ])('takes %s', (_, key, input) => {
    expect(find(key)?.row.meters.input).toBe(input)
  })

  it('names id, scope, region, tier and version of what it took', () => {
    expect(find({ scope: 'geo', region: 'eu-west-1' })?.name).toBe('a.b|region|eu-west-1|default@7')
    expect(find({ scope: 'geo' })?.name).toBe('a.b|geo|*|default@7')
  })
})

it('knowsModel tells a known id from one that begins alike', () => {
  expect(knowsModel(catalogue, 'a.b:0')).toBe(true)
  expect(knowsModel(catalogue, 'a.b-1')).toBe(false)
})
