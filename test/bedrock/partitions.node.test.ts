import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { gunzipSync } from 'node:zlib'
import { describe, expect, test } from 'vitest'
import { type AwsService, endpointOf, PARTITIONS, partitionOf, REGION_NAME } from '../../src/bedrock/partitions.ts'
import { ROOT } from '../../src/cli/root.ts'

describe('endpointOf', () => {
  test.for([
    ['bedrock-runtime', 'eu-central-1', 'https://bedrock-runtime.eu-central-1.amazonaws.com'],
    ['bedrock-runtime', 'us-gov-east-1', 'https://bedrock-runtime.us-gov-east-1.amazonaws.com'],
    ['bedrock-runtime', 'cn-north-1', 'https://bedrock-runtime.cn-north-1.amazonaws.com.cn'],
    ['bedrock-runtime', 'eusc-de-east-1', 'https://bedrock-runtime.eusc-de-east-1.amazonaws.eu'],
    ['bedrock-runtime', 'us-iso-east-1', 'https://bedrock-runtime.us-iso-east-1.c2s.ic.gov'],
    ['bedrock', 'us-isob-east-1', 'https://bedrock.us-isob-east-1.sc2s.sgov.gov'],
    ['sts', 'eu-isoe-west-1', 'https://sts.eu-isoe-west-1.cloud.adc-e.uk'],
    ['sts', 'us-isof-south-1', 'https://sts.us-isof-south-1.csp.hci.ic.gov'],
    ['sts', 'eusc-de-east-1', 'https://sts.eusc-de-east-1.amazonaws.eu'],
    ['bedrock-agent-runtime', 'cn-northwest-1', 'https://bedrock-agent-runtime.cn-northwest-1.amazonaws.com.cn'],
    ['bedrock-runtime', 'eu-north-9', 'https://bedrock-runtime.eu-north-9.amazonaws.com'],
    ['bedrock-runtime', 'cn-south-1', 'https://bedrock-runtime.cn-south-1.amazonaws.com.cn'],
    ['bedrock-runtime', 'moon-base-1', 'https://bedrock-runtime.moon-base-1.amazonaws.com'],
  ] as const)('%s in %s is %s', ([service, region, url], { expect }) => {
    expect(endpointOf(service, region)).toBe(url)
  })
})

test('every region has the form of a region and belongs to one partition', () => {
  const regions = PARTITIONS.flatMap((partition) => partition.regions)
  expect(new Set(regions).size).toBe(regions.length)
  for (const partition of PARTITIONS) {
    for (const region of partition.regions) {
      expect(region).toMatch(REGION_NAME)
      expect(region).toMatch(partition.regionPattern)
      expect(partitionOf(region)).toBe(partition)
    }
  }
})

/** Data folder of the botocore that the client tests use; absent where they were never run. */
function botocoreData(): string | null {
  const library = join(ROOT, 'node_modules/.cache/python/boto3-1.44/lib')
  if (!existsSync(library)) return null
  const [python] = readdirSync(library).filter((name) => name.startsWith('python'))
  const data = join(library, python ?? '', 'site-packages/botocore/data')
  return existsSync(data) ? data : null
}

const DATA = botocoreData()

type BotocorePartition = { id: string; regionRegex: string; regions: object; outputs: { dnsSuffix: string } }

describe.skipIf(DATA === null)(`the tables of botocore${DATA === null ? ' (needs its installed copy)' : ''}`, () => {
  const data = DATA ?? ''

  test('have the same partitions, regions and domains', () => {
    const { partitions } = JSON.parse(readFileSync(join(data, 'partitions.json'), 'utf8')) as {
      partitions: BotocorePartition[]
    }
    const theirs = partitions.map(({ id, regions, outputs }) => ({
      id,
      dnsSuffix: outputs.dnsSuffix,
      regions: Object.keys(regions).filter((name) => !name.endsWith('-global')),
    }))
    expect(PARTITIONS.map(({ id, dnsSuffix, regions }) => ({ id, dnsSuffix, regions }))).toEqual(theirs)
    for (const { id, regionRegex } of partitions) {
      const ours = PARTITIONS.find((partition) => partition.id === id)
      const withoutEscapes = (pattern: string) => pattern.replaceAll('\\-', '-').replaceAll('(?:', '(')
      expect(withoutEscapes(ours?.regionPattern.source ?? '')).toBe(withoutEscapes(regionRegex))
    }
  })

  test.for(['bedrock', 'bedrock-runtime', 'bedrock-agent', 'bedrock-agent-runtime', 'sts'] as const)(
    'put the host of %s together in the same way',
    (service: AwsService, { expect }) => {
      const [version = ''] = readdirSync(join(data, service))
      const packed = readFileSync(join(data, service, version, 'endpoint-rule-set-1.json.gz'))
      const rules = gunzipSync(packed).toString('utf8')
      expect(rules).toContain(`https://${service}.{Region}.{PartitionResult#dnsSuffix}`)
      const endpoints = JSON.parse(readFileSync(join(data, 'endpoints.json'), 'utf8')) as {
        partitions: { services: Record<string, { endpoints: Record<string, { hostname?: string }> }> }[]
      }
      for (const { services } of endpoints.partitions) {
        for (const [name, { hostname }] of Object.entries(services.bedrock?.endpoints ?? {})) {
          const prefix = `${service}-`
          const region = name.slice(prefix.length)
          if (
            name.startsWith(prefix) &&
            REGION_NAME.test(region) &&
            hostname !== undefined &&
            !/^(?:runtime|agent|fips)/.test(region)
          ) {
            expect(endpointOf(service, region)).toBe(`https://${hostname}`)
          }
        }
      }
    },
  )
})
