/**
 * The partitions of AWS: which regions each has and under which domain its services answer.
 * Source: botocore 1.44.8, data/partitions.json (regions, dnsSuffix, regionRegex) and the endpoint rules of each service, which
 * put `<service>.<region>.<dnsSuffix>` together in all partitions alike; test/bedrock/partitions.node.test.ts compares both.
 */

/** Services of Bedrock and what it needs beside it, by the first label of their host. */
export type AwsService = 'bedrock' | 'bedrock-runtime' | 'bedrock-agent' | 'bedrock-agent-runtime' | 'sts'

export type Partition = {
  /** Second part of an ARN. */
  id: string
  dnsSuffix: string
  /** Also for regions that are newer than this table. */
  regionPattern: RegExp
  regions: readonly string[]
}

const COMMERCIAL: Partition = {
  id: 'aws',
  dnsSuffix: 'amazonaws.com',
  regionPattern: /^(?:us|eu|ap|sa|ca|me|af|il|mx)-\w+-\d+$/,
  regions: [
    'af-south-1',
    'ap-east-1',
    'ap-east-2',
    'ap-northeast-1',
    'ap-northeast-2',
    'ap-northeast-3',
    'ap-south-1',
    'ap-south-2',
    'ap-southeast-1',
    'ap-southeast-2',
    'ap-southeast-3',
    'ap-southeast-4',
    'ap-southeast-5',
    'ap-southeast-6',
    'ap-southeast-7',
    'ca-central-1',
    'ca-west-1',
    'eu-central-1',
    'eu-central-2',
    'eu-north-1',
    'eu-south-1',
    'eu-south-2',
    'eu-west-1',
    'eu-west-2',
    'eu-west-3',
    'il-central-1',
    'me-central-1',
    'me-south-1',
    'me-west-1',
    'mx-central-1',
    'sa-east-1',
    'sa-west-1',
    'us-east-1',
    'us-east-2',
    'us-west-1',
    'us-west-2',
  ],
}

export const PARTITIONS: readonly Partition[] = [
  COMMERCIAL,
  {
    id: 'aws-cn',
    dnsSuffix: 'amazonaws.com.cn',
    regionPattern: /^cn-\w+-\d+$/,
    regions: ['cn-north-1', 'cn-northwest-1'],
  },
  {
    id: 'aws-eusc',
    dnsSuffix: 'amazonaws.eu',
    regionPattern: /^eusc-(?:de)-\w+-\d+$/,
    regions: ['eusc-de-east-1'],
  },
  {
    id: 'aws-iso',
    dnsSuffix: 'c2s.ic.gov',
    regionPattern: /^us-iso-\w+-\d+$/,
    regions: ['us-iso-east-1', 'us-iso-west-1'],
  },
  {
    id: 'aws-iso-b',
    dnsSuffix: 'sc2s.sgov.gov',
    regionPattern: /^us-isob-\w+-\d+$/,
    regions: ['us-isob-east-1', 'us-isob-west-1'],
  },
  {
    id: 'aws-iso-e',
    dnsSuffix: 'cloud.adc-e.uk',
    regionPattern: /^eu-isoe-\w+-\d+$/,
    regions: ['eu-isoe-west-1'],
  },
  {
    id: 'aws-iso-f',
    dnsSuffix: 'csp.hci.ic.gov',
    regionPattern: /^us-isof-\w+-\d+$/,
    regions: ['us-isof-east-1', 'us-isof-south-1'],
  },
  {
    id: 'aws-us-gov',
    dnsSuffix: 'amazonaws.com',
    regionPattern: /^us-gov-\w+-\d+$/,
    regions: ['us-gov-east-1', 'us-gov-west-1'],
  },
]

/** The commercial regions whose names begin with one of these prefixes, such as `eu-`. */
export function commercialRegions(...prefixes: readonly string[]): readonly string[] {
  return COMMERCIAL.regions.filter((region) => prefixes.some((prefix) => region.startsWith(prefix)))
}

/** The form of a region's name, in every partition. */
export const REGION_NAME = /^[a-z]{2,}(?:-[a-z]+)+-\d+$/

/** The partition of a region; like botocore's rules, `aws` for a name that fits none. */
export function partitionOf(region: string): Partition {
  return (
    PARTITIONS.find(({ regions }) => regions.includes(region)) ??
    PARTITIONS.find(({ regionPattern }) => regionPattern.test(region)) ??
    COMMERCIAL
  )
}

/** Base URL of a service in a region, without a trailing slash. */
export function endpointOf(service: AwsService, region: string): string {
  return `https://${service}.${region}.${partitionOf(region).dnsSuffix}`
}
