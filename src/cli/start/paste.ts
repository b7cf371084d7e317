/** Commands that reach the running gateway, each one line for a POSIX shell. */

export type PasteTarget = {
  /** Origin of the gateway. */
  url: string
  key: string
  /** Model name to ask for. */
  model: string
  /** Any AWS region: the SDKs insist on one. */
  region: string
}

const PROMPT = 'Say hello.'

/** Headings and commands in turn. */
export function pasteLines(target: PasteTarget): string[] {
  return [
    '# curl',
    curl(target),
    '',
    '# boto3, 1.44 and 1.43: over http the key travels as access key id, with any secret',
    boto3(target),
    '',
    '# AWS SDK for JavaScript, in the folder of this project (elsewhere: npm install @aws-sdk/client-bedrock-runtime @smithy/node-http-handler)',
    javascript(target),
    '',
    '# What the last calls cost',
    `curl -s ${quote(`${target.url}/spend/logs?limit=3`)} -H ${quote(`Authorization: Bearer ${target.key}`)}`,
  ]
}

const body = { messages: [{ role: 'user', content: [{ text: PROMPT }] }] }

function curl({ url, key, model }: PasteTarget): string {
  const endpoint = `${url}/bedrock/model/${encodeURIComponent(model)}/converse`
  const headers = [`Authorization: Bearer ${key}`, 'Content-Type: application/json'].map(
    (header) => `-H ${quote(header)}`,
  )
  return `curl -s ${quote(endpoint)} ${headers.join(' ')} -d ${quote(JSON.stringify(body))}`
}

/** A Bedrock API key in the environment would beat the key pair, and boto3 1.44 sends none over http. */
function boto3({ url, key, model, region }: PasteTarget): string {
  const client = [
    'import boto3; c = boto3.client("bedrock-runtime"',
    `region_name=${literal(region)}`,
    `endpoint_url=${literal(`${url}/bedrock`)}`,
    `aws_access_key_id=${literal(key)}`,
    'aws_secret_access_key="x")',
  ].join(', ')
  const call = `print(c.converse(modelId=${literal(model)}, messages=${JSON.stringify(body.messages)})["output"]["message"]["content"][0]["text"])`
  return `env -u AWS_BEARER_TOKEN_BEDROCK python3 -c ${quote(`${client}; ${call}`)}`
}

/** The SDK's own handler speaks nothing but HTTP/2, hence NodeHttpHandler on plain http. */
function javascript({ url, key, model, region }: PasteTarget): string {
  const script = [
    'import { BedrockRuntimeClient, ConverseCommand } from "@aws-sdk/client-bedrock-runtime"',
    'import { NodeHttpHandler } from "@smithy/node-http-handler"',
    `const c = new BedrockRuntimeClient({ region: ${literal(region)}, endpoint: ${literal(`${url}/bedrock`)}, token: { token: ${literal(key)} }, authSchemePreference: ["httpBearerAuth"], requestHandler: new NodeHttpHandler() })`,
    `const r = await c.send(new ConverseCommand({ modelId: ${literal(model)}, messages: ${JSON.stringify(body.messages)} }))`,
    'console.log(r.output.message.content[0].text)',
  ].join('; ')
  return `node --input-type=module -e ${quote(script)}`
}

/** A string literal of Python and JavaScript alike. */
const literal = (text: string): string => JSON.stringify(text)

/** One word for a POSIX shell. */
const quote = (text: string): string => `'${text.replaceAll("'", "'\\''")}'`
