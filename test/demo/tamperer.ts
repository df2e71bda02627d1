// A provider that changes tokens before it signs and sends them: the demo's adversary. Everything else is the shipped
// provider; it stakes, prices, commits and answers audits like an honest one.
import { loadModel, type Model, type Session, type Tokenizer } from '@aria/engine'
import { providerConfig, startProvider } from '@aria/node'

/** One changed token in this many: rare enough to pass a casual look at the text. */
const TAMPER_EVERY = 7

function tampering(session: Session, { vocabSize, stopTokens }: Tokenizer): Session {
  let made = 0
  return {
    get position() {
      return session.position
    },
    prefill: (tokens, options) => session.prefill(tokens, options),
    decodeDraws: (...request) => session.decodeDraws(...request),
    async decode(count, sampling, seed, options) {
      const tokens = await session.decode(count, sampling, seed, options)
      // A stop token stays: the session is over after it, and answers that never end would be noticed at once.
      const isSafe = (token: number) => ++made % TAMPER_EVERY !== 0 || stopTokens.includes(token)
      return tokens.map(token => (isSafe(token) ? token : (token + 1) % vocabSize))
    },
    logits: () => session.logits(),
    save: () => session.save(),
    close: () => session.close(),
  }
}

async function loadTampering(path: string, options: { threads?: number }): Promise<Model> {
  const model = await loadModel(path, options)
  return {
    info: model.info,
    tokenizer: model.tokenizer,
    createSession: init => tampering(model.createSession(init), model.tokenizer),
    restoreSession: async (bytes, options) =>
      tampering(await model.restoreSession(bytes, options), model.tokenizer),
    stats: () => model.stats(),
    verify: (transcript, options) => model.verify(transcript, options),
    verifyMany: (transcripts, options) => model.verifyMany(transcripts, options),
    close: () => model.close(),
  }
}

const provider = await startProvider(providerConfig(), { loadModel: loadTampering })
process.stdout.write(`${JSON.stringify({ event: 'ready', ...provider.info })}\n`)

const stop = () => provider.close().then(() => process.exit(0))
process.on('SIGTERM', stop)
process.on('SIGINT', stop)
process.on('disconnect', stop)
