/** Bodies of every broken and of every clever form. Each is made anew: all at once would be some megabytes. */

type Body = (random: () => number) => Buffer

const text =
  (make: (random: () => number) => string): Body =>
  (random) =>
    Buffer.from(make(random))

const MESSAGES = '"messages":[{"role":"user","content":[{"text":"hi"}]}]'

export const HOSTILE_BODIES: readonly Body[] = [
  text(() => ''),
  text(() => ' '),
  text(() => '{'),
  text(() => 'null'),
  text(() => '[]'),
  text(() => '"x"'),
  text(() => '{"messages":'),
  text(() => `{${MESSAGES}`),
  text(() => `{${MESSAGES}}}`),
  text(() => `\ufeff{${MESSAGES}}`),
  text(() => `{${MESSAGES},${MESSAGES}}`),
  text(() => `{${MESSAGES},"__proto__":{"x":1},"constructor":1}`),
  text(() => `{${MESSAGES},"x":"\\ud800"}`),
  text(() => `{${MESSAGES},"x":1e999,"y":-0,"z":123456789012345678901234567890}`),
  text(() => `{${MESSAGES},"requestMetadata":${'{"a":'.repeat(10_000)}1${'}'.repeat(10_000)}}`),
  text(() => `{${MESSAGES},"requestMetadata":{${Array.from({ length: 5_000 }, (_, n) => `"k${n}":"v"`).join()}}}`),
  text(() => `{${MESSAGES},"requestMetadata":"${'x'.repeat(100_000)}"}`),
  text(() => `{${MESSAGES},"requestMetadata":{"a":"b"},"bomb":[${'[],'.repeat(100_000)}1]}`),
  text(() => `{${MESSAGES},"guardrailConfig":{"guardrailIdentifier":["x"],"guardrailVersion":{}}}`),
  text(() => `{${MESSAGES},"guardrailConfig":${'['.repeat(50_000)}${']'.repeat(50_000)}}`),
  text(() => `{${MESSAGES},"serviceTier":{"type":"${'x'.repeat(10_000)}"}}`),
  text(() => `{${MESSAGES},"serviceTier":{"type":["reserved"]},"performanceConfig":7}`),
  text(() => `{"messages":[{"role":"user","content":[{"text":"${'\\"'.repeat(50_000)}"}]}]}`),
  text((random) => `{${MESSAGES},"x":"${'é'.repeat(Math.floor(random() * 50_000))}"}`),
  (random) => Buffer.from(Array.from({ length: Math.floor(random() * 2_000) }, () => Math.floor(random() * 256))),
  (random) => Buffer.alloc(Math.floor(random() * 1_000_000), 0xff),
  (random) => Buffer.alloc(Math.floor(random() * 1_000_000), '['),
  () => Buffer.from([0x1f, 0x8b, 0x08, 0x00]),
]
