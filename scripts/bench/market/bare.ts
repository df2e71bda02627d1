// The engine alone, in a process of its own: bare.ts <model file> <threads> <cache bytes>
import { GREEDY, loadModel } from '@aria/engine'
import { answerCommands } from './commands.ts'
import './probe.ts'
import { promptOf, type Round, runStreams } from './round.ts'

const [path = '', threads = '1', cacheBytes = ''] = process.argv.slice(2)
const model = await loadModel(path, { threads: Number(threads), cacheBytes: Number(cacheBytes) })
const { kernels, vocabSize } = model.info

answerCommands({
  info: () => ({ kernels, vocabulary: vocabSize, pageBytes: model.stats().pageBytes }),
  run: (round: Round) =>
    runStreams(round, async (stream, onFirst) => {
      const { promptTokens, outputTokens } = round
      const session = model.createSession({ maxTokens: promptTokens + outputTokens, reserve: true })
      try {
        await session.prefill(promptOf(round, stream))
        let made = (await session.decode(1, GREEDY, 0n)).length
        onFirst()
        if (outputTokens > 1) made += (await session.decode(outputTokens - 1, GREEDY, 0n)).length
        return made
      } finally {
        await session.close()
      }
    }),
})
process.stdout.write('{"event":"ready"}\n')
