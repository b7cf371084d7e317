/**
 * What the texts of AWS's errors speak of. A text decides about a deployment only where AWS wrote it from the first character: AWS
 * repeats parts of a request in other texts, and no caller may write a verdict on a deployment into its prompt.
 *
 * Sources are public reports, named where the text was seen.
 */

/** AWS writes "isn't" with a straight or a typographic apostrophe. The second form: autogluon/autogluon-assistant#54. */
export const ON_DEMAND =
  /^invocation of model id \S{1,2048} with on-demand throughput isn.t supported|^the provided model doesn.t support on-demand throughput/i

export const MODEL_IDENTIFIER = /^(?:the )?provided model identifier is invalid/i

/**
 * Of accounts that may not use Bedrock, the model or the operation: aws/aws-cli#8717, aws-samples/amazon-bedrock-audio-summarizer#3,
 * pydantic/pydantic-ai#8170, aws-samples/generative-bi-using-rag#361.
 */
export const ACCOUNT =
  /^operation not allowed\.?$|^your account is not authorized|^(?:the )?data retention mode\b|^access to [\w .-]{1,80} is not allowed (?:for|from|in)\b|^access to .{1,80}\bchannel program/i

/** A request for reserved capacity where the account has none for the model: pydantic/pydantic-ai#8341. */
export const RESERVATION = /^(?:the )?reservation (?:was )?not found\.?/i

/** Claude 2 (aws-samples/bedrock-chat#95), Claude 3 and 4 (daisuke-awaji/moca#254), Llama and Mistral, Titan, Nova. */
export const TOO_LONG =
  /(?:input|prompt) is too long|exceed context limit|maximum context length|too many input tokens|input tokens exceeded/i

/** Who asked, in IAM's texts: its name may hold any word. */
const PRINCIPAL = /\barn:[\w-]+:(?:iam|sts):\S*/gi

const ARN = /\barn:[\w-]+:([\w-]+):[\w-]*:\d*:([\w-]+)/gi

/** Kinds of ARN that stand for the model of a deployment. */
const MODEL_ARN =
  /^(?:foundation-model|(?:application-|system-)?inference-profile|provisioned-model|imported-model|custom-model(?:-deployment)?|(?:default-)?prompt-router|endpoint)$/i

/** IAM's name of what was not allowed: `bedrock:InvokeModel`. */
const ACTION = /not authorized to perform: ([\w-]+):(\w+)/i

/** Actions that the model itself needs, and the subscription to it. */
const MODEL_ACTION =
  /^bedrock:(?:InvokeModel\w*|CallWithBearerToken|GetInferenceProfile|GetFoundationModel\w*)$|^sagemaker:|^aws-marketplace:/i

/** Words for what a request names beside the model. */
const OTHER_RESOURCE =
  /\bguardrails?\b|\bprompts?\b|\bs3\b|\bbuckets?\b|\bkms\b|\bencryption key\b|\blambda\b|\bsecrets?\b|\bknowledge base\b|\bsessions?\b|\btools?\b|\bcollection\b|\bobjects?\b|\bfiles?\b/i

/**
 * A 403 or 404 that speaks of something the request names (a guardrail, a prompt, a bucket, a key), and not of the model of the
 * deployment: one client's guardrail must not take a deployment from all others.
 */
export function speaksOfAnotherResource(message: string, model: string): boolean {
  const text = message.replace(PRINCIPAL, ' ').replaceAll(model, ' ')
  const kinds = [...text.matchAll(ARN)].map(([, service = '', kind = '']) => ({ service, kind }))
  if (kinds.length > 0) return !kinds.some(({ kind }) => MODEL_ARN.test(kind))
  const action = ACTION.exec(text)
  if (action !== null) return !MODEL_ACTION.test(`${action[1]}:${action[2]}`)
  return OTHER_RESOURCE.test(text)
}

/** Streams have an action of their own: an account may lack it and still serve whole answers. */
const STREAM_ACTION = /perform: bedrock:InvokeModelWithResponseStream/i

const OWN_MATTER =
  /\bmodels?\b|\binference[- ]profile|\bfoundation-model\b|\bsubscription\b|\baccount\b|\bmarketplace\b/i

/** A 403 or 404 that clearly speaks of the deployment's own model or account. */
export function speaksOfOwnModel(message: string, model: string): boolean {
  if (STREAM_ACTION.test(message)) return false
  return message.includes(model) || OWN_MATTER.test(message.replace(PRINCIPAL, ' '))
}

const URL = /https?:\/\/\S+/gi

/** What AWS says of a request: its forms of complaint, names of fields, and what a prompt consists of. */
const OF_REQUEST = [
  /^malformed input request/i,
  /^\d+ validation errors? detected/i,
  /failed to satisfy constraint|the model returned the following errors/i,
  // `max_tokens`, `toolConfig`, `messages.0.content`, `content[0]`, `system:`
  /\b[a-z][a-z\d]*_[a-z\d]|\b[a-z]+[A-Z]|\w\.\d+\b|\w\[\d+\]|^\W?\w+:\s/,
  /\b(?:messages?|conversation|content|tools?|schema|json|inputs?|prompts?|images?|videos?|documents?|roles?|temperature|tokens?|parameters?|fields?|keys?|body|headers?|sequences?|turns?|format|thinking|reasoning|streaming|caching|cache|outputs?|citations?)\b/i,
]

/** What AWS says of accounts, and what those are given or not. */
const OF_ACCOUNT =
  /\baccounts?\b|\borgani[sz]ation\b|\bcountr(?:y|ies)\b|\bterritor(?:y|ies)\b|\bregions?\b|\breservations?\b|\bretention\b|\bsubscri(?:bed|ption)\b|\bagreement\b|\bmarketplace\b|\bprograms?\b|\baccess\b|\bentitle|\beligib|\benrol|\bopt(?:ed)?[ -]?in\b|\bterms\b|\bpayment\b|\bbilling\b|\bverif(?:y|ied|ication)\b|\buse case\b|\bcommitment\b|\bprovisioned\b|\bcapacity\b|\bresidency\b|\bcomplian|\beula\b|\blicen[cs]e\b|\bsuspended\b|\bdelinquent\b|\bretired\b|\blegacy\b|\bend[- ]of[- ](?:its[- ])?life\b|\bproject\b|\bnot (?:yet )?(?:available|enabled|activated|allowed|permitted|authorized)\b/i

/** A 400 in words that nobody wrote down yet, which sounds as if it spoke of the account and not of the request. */
export function mayBeOfAccount(message: string): boolean {
  const text = message.replace(URL, ' ')
  return OF_ACCOUNT.test(text) && !OF_REQUEST.some((complaint) => complaint.test(text))
}
