/**
 * The least a gateway can be: it passes a request on and the answer back. The yardstick, so nothing may be added.
 * JavaScript, because Worker types and Node types do not go together in one TypeScript program.
 */
// biome-ignore lint/style/noDefaultExport: where workerd looks for the handlers
export default {
  async fetch(request, env) {
    const { pathname } = new URL(request.url)
    const answer = await fetch(env.UPSTREAM + pathname.slice('/bedrock'.length), {
      method: request.method,
      headers: { 'content-type': 'application/json' },
      body: request.body,
    })
    return new Response(answer.body, answer)
  },
}
