/** Commands that reach the running gateway, each one line for a POSIX shell. */

export type PasteTarget = {
  /** Origin of the gateway. */
  url: string
  key: string
  /** Model name to ask for. */
  model: string
  /** Any AWS region: the SDKs insist on one. */
  region: string
  /** Authority that clients have to trust, where the gateway speaks https. */
  caFile?: string
}

const PROMPT = 'Say hello.'

/** Headings and commands in turn. */
export function pasteLines(target: PasteTarget): string[] {
  return [
    '# curl',
    curl(target),
    '',
    ...(target.caFile === undefined ? plainSdks(target) : httpsSdks(target, target.caFile)),
    '',
    '# What the last calls cost',
    `curl -s${trust(target)} ${quote(`${target.url}/spend/logs?limit=3`)} -H ${quote(`Authorization: Bearer ${target.key}`)}`,
  ]
}

function plainSdks(target: PasteTarget): string[] {
  return [
    '# boto3, 1.44 and 1.43: over http the key travels as access key id, with any secret',
    boto3(target),
    '',
    '# AWS SDK for JavaScript, in the folder of this project (elsewhere: npm install @aws-sdk/client-bedrock-runtime @smithy/node-http-handler)',
    javascript(target),
  ]
}

/** Over https a bearer token works everywhere, and the JavaScript SDK with its own handler. */
function httpsSdks(target: PasteTarget, caFile: string): string[] {
  return [
    '# boto3: the key is a Bedrock API key',
    `AWS_CA_BUNDLE=${quote(caFile)} AWS_BEARER_TOKEN_BEDROCK=${quote(target.key)} python3 -c ${quote(boto3OverHttps(target))}`,
    '',
    '# AWS SDK for JavaScript, in the folder of this project (elsewhere: npm install @aws-sdk/client-bedrock-runtime)',
    `NODE_EXTRA_CA_CERTS=${quote(caFile)} ${javascript(target)}`,
    '',
    '# How other clients are told to trust it',
    `#   Go, Rust, Anthropic and LiteLLM in Python: SSL_CERT_FILE=${quote(caFile)}`,
    `#   AWS CLI: --ca-bundle ${quote(caFile)}`,
    `#   Java: keytool -importcert -noprompt -alias bedrock-edge -file ${quote(caFile)} -keystore trust.p12 -storepass changeit,`,
    '#         then -Djavax.net.ssl.trustStore=trust.p12 -Djavax.net.ssl.trustStorePassword=changeit',
  ]
}

function trust({ caFile }: PasteTarget): string {
  return caFile === undefined ? '' : ` --cacert ${quote(caFile)}`
}

const body = { messages: [{ role: 'user', content: [{ text: PROMPT }] }] }

function curl(target: PasteTarget): string {
  const { url, key, model } = target
  const endpoint = `${url}/bedrock/model/${encodeURIComponent(model)}/converse`
  const headers = [`Authorization: Bearer ${key}`, 'Content-Type: application/json'].map(
    (header) => `-H ${quote(header)}`,
  )
  return `curl -s${trust(target)} ${quote(endpoint)} ${headers.join(' ')} -d ${quote(JSON.stringify(body))}`
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
  return `env -u AWS_BEARER_TOKEN_BEDROCK python3 -c ${quote(`${client}; ${printAnswer(model)}`)}`
}

function boto3OverHttps({ url, model, region }: PasteTarget): string {
  const client = `import boto3; c = boto3.client("bedrock-runtime", region_name=${literal(region)}, endpoint_url=${literal(`${url}/bedrock`)})`
  return `${client}; ${printAnswer(model)}`
}

function printAnswer(model: string): string {
  return `print(c.converse(modelId=${literal(model)}, messages=${JSON.stringify(body.messages)})["output"]["message"]["content"][0]["text"])`
}

/** The SDK's own handler speaks nothing but HTTP/2, hence NodeHttpHandler on plain http. */
function javascript({ url, key, model, region, caFile }: PasteTarget): string {
  const isPlain = caFile === undefined
  const handler = isPlain ? ', requestHandler: new NodeHttpHandler()' : ''
  const script = [
    'import { BedrockRuntimeClient, ConverseCommand } from "@aws-sdk/client-bedrock-runtime"',
    ...(isPlain ? ['import { NodeHttpHandler } from "@smithy/node-http-handler"'] : []),
    `const c = new BedrockRuntimeClient({ region: ${literal(region)}, endpoint: ${literal(`${url}/bedrock`)}, token: { token: ${literal(key)} }, authSchemePreference: ["httpBearerAuth"]${handler} })`,
    `const r = await c.send(new ConverseCommand({ modelId: ${literal(model)}, messages: ${JSON.stringify(body.messages)} }))`,
    'console.log(r.output.message.content[0].text)',
  ].join('; ')
  return `node --input-type=module -e ${quote(script)}`
}

/** A string literal of Python and JavaScript alike. */
const literal = (text: string): string => JSON.stringify(text)

/** One word for a POSIX shell. */
const quote = (text: string): string => `'${text.replaceAll("'", "'\\''")}'`
