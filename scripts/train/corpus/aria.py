"""What ARIA is, for people who ask it: facts with the ways to ask for them.

A block is questions (lines starting with "?", alternatives split by "|") and answers ("=").
"""
FACTS = """
? What is ARIA? | What is ARIA about? | Explain ARIA. | Tell me about ARIA. | What does ARIA do? | Describe ARIA in short. | What is this project? | aria?
= ARIA is a marketplace where anyone's CPU earns tokens by answering requests for 1-bit language models, and anyone can check the answers.
= ARIA is an open market for 1-bit language models. Providers answer requests on ordinary CPUs and earn tokens, and auditors check the answers.
? Who can use ARIA? | Who is ARIA for? | Can anyone join ARIA? | Can I use ARIA?
= Anyone can use ARIA. You can ask for answers as a client, earn as a provider, or check others as an auditor.
? Why does ARIA exist? | What problem does ARIA solve? | Why should I use ARIA? | What is the goal of ARIA?
= Many computers are idle. ARIA lets them earn by answering requests, and it makes every answer checkable, so that you do not have to trust strangers.
? What makes ARIA special? | What is different about ARIA? | What is unique about ARIA? | How is ARIA different from other networks?
= In ARIA every machine computes the same bits. So an answer can be checked exactly, without thresholds and without false accusations.
? Does ARIA need a GPU? | Do I need a graphics card? | Can it run without a GPU? | Which hardware do I need?
= No GPU is needed. ARIA runs 1-bit models on ordinary CPUs.
? What is a provider? | What does a provider do? | Explain providers. | What are providers in ARIA?
= A provider is a computer that answers requests with a model and is paid for every token it produces.
? What is an operator? | Who is an operator? | What does an operator do? | What are operators?
= An operator is the person who runs a provider. The operator stakes tokens, starts one program, and earns for the tokens it serves.
? What is a client? | What does a client do? | Who is the client? | What are clients in ARIA?
= A client asks for answers and pays per token. Any program that speaks the OpenAI API can be a client through the gateway.
? What is an auditor? | What does an auditor do? | Who are the auditors? | Explain auditors.
= An auditor buys or samples answers like a normal client, computes them again, and reports on chain whether they match.
? What is an offer? | What are offers? | Explain offers. | What does an offer contain?
= An offer is a short message that a provider signs and spreads through the network. It says which model it serves, at what price, and how much room is free.
? How long is an offer valid? | When does an offer expire? | How old can an offer be?
= An offer lives at most sixty seconds. Then the provider must sign a new one.
? How are offers spread? | How do offers travel? | What is gossip? | How does a client find a provider? | How do I find providers?
= Providers spread signed offers by gossip over libp2p. A client keeps the fresh ones and picks a provider without asking anyone first.
? What is a quote? | Explain quotes. | What is the use of a quote?
= A quote is the binding price that a provider signs for one request. It is valid for thirty seconds.
? What is a channel? | What is a payment channel? | Explain channels. | What are channels for?
= A channel is a balance in escrow from one client to one provider. The client pays out of it with vouchers.
? How do I open a channel? | How is a channel opened?
= A client opens a channel by depositing tokens in the Escrow contract for one provider. The SDK does this for you.
? How do I close a channel? | How do I get my deposit back? | Can I withdraw my deposit? | What is thawing? | How do I get my money back?
= Start the thaw of the channel, wait for the thaw time, and withdraw what was not spent. A provider can also close the channel at once.
? How long does the thaw take? | How long must I wait to withdraw?
= On a public network the thaw takes 24 hours. Then you can withdraw the rest of your deposit without anyone's help.
? What is a voucher? | What are vouchers? | Explain vouchers. | How does a voucher work? | What is a voucher in ARIA? | Tell me about vouchers.
= A voucher is a signed promise of payment. It holds the total that the provider may claim from the channel, and each new voucher replaces the one before.
= A voucher is a small signed message with a growing total. The provider can turn the latest one into money at any time.
? Are vouchers cumulative? | Why are vouchers cumulative? | What happens to old vouchers? | Can a voucher be used twice?
= Vouchers are cumulative. A new voucher holds the whole total, so an old one is worth nothing more and cannot be used twice.
? Does every request need a transaction? | Does a request touch the chain? | Do I pay gas for each request? | How many transactions does a request need?
= No. Requests are paid with signed vouchers, and the chain is only needed to deposit and to redeem.
? What is a receipt? | What are receipts? | Explain receipts. | What is in a receipt? | What is a receipt in ARIA? | Tell me about receipts.
= A receipt is the provider's signed statement about an answer. It names the model, the prompt, the output, the sampling, the seed, the token counts and the price.
= A receipt is signed by the provider. With it anyone can check later that the output belongs to the prompt and the model.
? How do I check a receipt? | How can I verify an answer? | How do I verify a receipt? | Can I check an answer myself? | Which command verifies a receipt?
= Run `aria verify RECEIPT`. It computes the answer again and tells you whether every token matches.
? What is an audit? | What are audits? | Explain audits. | How does an audit work? | How do audits work? | Tell me about audits.
= An audit computes a sampled answer again and compares every token. An honest answer always matches, and a dishonest one does not.
? How expensive is an audit? | Does checking cost much? | Why is checking cheap? | How can checking be cheaper than answering?
= Checking costs a fraction of answering. One pass over the prompt and the output checks all tokens at once.
? What happens to a cheater? | What happens to dishonest providers? | What if a provider cheats? | What if a provider lies? | Can a provider cheat?
= A provider that cheats fails the audit. Its score becomes zero, it loses its rewards, and it can lose its stake.
? Can an honest provider be accused? | Are there false accusations? | What if an auditor is wrong? | Can an audit be wrong?
= An honest output always matches, because every CPU computes the same bits. So an honest provider is not accused by an exact check.
? What is staking? | What is stake? | What is a stake? | Explain staking. | What does staking mean? | Why must I stake? | Why do providers stake? | Tell me about staking.
= Staking means locking tokens as a security. An operator stakes before it may earn, and loses a part of the stake if it cheats.
? How much must I stake? | What is the minimum stake? | How many tokens do I need to stake? | How big is the minimum stake of a provider?
= A provider stakes at least 1,000 ARIA.
? How do I get my stake back? | What is unbonding? | How long does unbonding take? | Can I unstake? | How do I unstake?
= Unbond your stake and wait for seven days on a public network. After that you can withdraw it.
? What is slashing? | Explain slashing. | When is a stake slashed? | What does slashing mean?
= Slashing takes a part of a stake away when fraud is proven. Most of the slashed tokens are burned.
? What is the escrow? | What is Escrow? | What does the Escrow contract do? | Explain the escrow.
= Escrow is the contract that holds the deposits of clients. It pays providers for valid vouchers and returns what was not spent.
? What does redeem mean? | What is redeeming? | How does a provider get paid? | How do providers get their money? | What does redeem do? | When are vouchers redeemed?
= To redeem is to turn vouchers into money. The provider sends many vouchers to Escrow in one batch, and the contract pays the totals.
? Why are vouchers redeemed in batches? | What is a batch? | Why batch?
= A batch pays many channels in one transaction, so the gas per voucher is small. One bad row never stops the others.
? What are rewards? | How do rewards work? | What is a reward? | How do I earn rewards? | Explain rewards. | Tell me about rewards.
= Rewards are new tokens for providers with good audit scores. They are released after an epoch closes, and the operator claims them.
? How do I claim rewards? | How do I claim? | When can I claim rewards?
= After an epoch is closed and audited, its rewards are released. Then anyone can call claim, and the tokens go to the operator's payout address.
? What is an epoch? | How long is an epoch? | Explain epochs. | What does epoch mean?
= An epoch is the period for which audits and rewards are counted. On a public network it is one day, on the local testnet about a minute.
? What is the fee? | Is there a fee? | How big is the fee? | What happens to the fee? | What is burned?
= A small fee is taken when vouchers are redeemed, and it is burned. Nobody earns it.
? What is the ARIA token? | What is the token for? | What is AriaToken? | Which token does ARIA use? | What can I do with ARIA tokens?
= The ARIA token pays for answers, is staked by operators, and is given as a reward. Its supply is capped at one billion.
? What is a token? | What are tokens? | What does token mean?
= The word has two meanings. A model reads and writes text in tokens, small pieces of words, and the ARIA token is the money that pays for them.
? How do I start a provider? | How can I run a provider? | How do I become a provider? | Which command starts a provider? | How do I start earning? | How can I earn with my CPU? | start a provider
= Run `aria provider start`. It starts your node, publishes signed offers, and answers paid requests.
= Stake your tokens and run `aria provider start`. The program does the rest and earns for every token it serves.
? How do I start ARIA? | How do I start everything? | How do I start the local network? | How do I run the local testnet? | How do I try ARIA? | What does npm start do? | Which command starts ARIA? | How do I run ARIA?
= Run `npm start` in the repository. It starts a local chain, three providers, the indexer, the gateway and the dashboard on your machine.
? How do I run the tests? | Which command runs the tests? | How do I test ARIA?
= Run `npm test`. It runs the tests of every part, from the contracts to the dashboard.
? How do I see a demo? | Is there a demo? | What does the demo do? | How do I run the demo? | What does npm run demo do?
= Run `npm run demo`. It starts a small market with one tampering provider, sends paid requests, and shows that the tamperer is caught.
? How do I start fresh? | How do I reset the local network? | How do I delete the state? | What does fresh do?
= Run `npm start -- --fresh`. It deletes the old state and starts over.
? How do I stop ARIA? | How do I quit? | What does Ctrl-C do? | How do I stop npm start?
= Press Ctrl-C. ARIA stops every process that it started.
? Which commands does aria have? | What can the aria command do? | List the aria commands. | Which commands are there? | What are the commands of ARIA? | Show me the commands. | What can I run with aria?
= The commands are `aria run`, `aria bench`, `aria models`, `aria provider start`, `aria gateway` and `aria verify`.
? What does aria bench do? | How fast is my machine? | How do I measure my machine? | How do I measure tokens per second? | Which command measures speed? | How do I run a benchmark? | What is aria bench?
= Run `aria bench`. It measures tokens per second, processor time and energy of this machine.
? What does aria models do? | How do I download a model? | How do I get another model? | Which command downloads a model? | How do I see the models on my machine? | How do I list my models? | What is aria models?
= Run `aria models`. It lists the models on this machine, `aria models show FILE` describes one, and `aria models get URL` downloads one.
? What does aria verify do? | What is aria verify? | What do I need to verify a receipt? | Where do I get a receipt? | How do I get the receipt of my request? | What does verify check?
= `aria verify RECEIPT` checks the signatures, the cost and every token of an answer. It takes a receipt file or the id of a request that your gateway answered.
? What does aria gateway do? | What is aria gateway? | Where does the gateway listen? | Which port does the gateway use? | What is the address of the gateway? | On which address is the gateway?
= `aria gateway` serves an OpenAI-compatible API at http://127.0.0.1:4610/v1 and buys answers on the market.
? How do I take my deposit out of the gateway? | What does aria gateway close do? | How do I close my gateway? | How do I empty the gateway? | How does the gateway return deposits?
= Run `aria gateway close`. It announces the withdrawal; run it again after the thaw to take the deposits back.
? What does aria provider start need? | Which options does the provider need? | What do I need to start a provider? | Which settings does a provider have? | How do I set up a provider?
= `aria provider start` needs a model, the address of the operator that staked, and the deployment file of the contracts.
? How do I set my price? | How do I set the price of my provider? | Which option sets the price? | How do I change my prices? | Can I choose my price?
= Use `--price-in` and `--price-out` of `aria provider start`. They are ARIA per million tokens of the prompt and of the output.
? How do I run a provider in the background? | Does a provider slow my computer down? | Can the provider give way to other programs? | How do I keep my computer fast? | Is there a background mode?
= Start the provider with `--priority background`. Then it gives way to everything else on the machine.
? How do I check the engine? | What does npm run exact do? | How do I prove that the bits are the same? | Which command proves bit exactness? | What does exact check?
= Run `npm run exact`. It compares kernels, threads, batches, caches and other platforms bit by bit.
? How do I compare with llama.cpp? | What does npm run parity do? | Does ARIA agree with llama.cpp? | What is parity? | Which command compares with llama.cpp?
= Run `npm run parity`. It compares the numbers and token ids of the engine with those of llama.cpp, for every format.
? How is the engine measured? | What does npm run bench:engine do? | Is ARIA faster than llama.cpp? | How do I compare the speed with llama.cpp? | Which command measures the engine?
= Run `npm run bench:engine`. It measures the engine beside llama.cpp in the same run.
? How do I train the model? | What does npm run train do? | Which command trains the model? | Can I train my own model? | How was the built-in model made? | How do I retrain you?
= Run `npm run train -- --config cpu`. It needs Python with PyTorch and takes about two hours for each model on two cores.
? How is the model evaluated? | What does npm run eval-model do? | How good is the model? | Which command measures the model? | How do I measure the quality of the model?
= Run `npm run eval-model`. It measures the 1-bit model beside its full-precision twin, skill by skill.
? How do I deploy the contracts? | What does npm run deploy do? | Which command deploys the contracts? | Can I try a deployment first? | How do I deploy to a network?
= Run `npm run deploy -- --network NAME`. Add `--dry-run` to see what would happen first.
? What is a 1-bit weight? | What are 1-bit weights? | What is a binary weight? | How can one bit be enough? | What values can a weight have?
= A 1-bit weight is plus one or minus one. A group of 128 weights shares one scale, so that the sizes fit again.
? What is ternary? | What is a ternary model? | What is TQ2_0? | What is a ternary weight? | What does ternary mean? | What is the difference between binary and ternary?
= A ternary weight is minus one, zero or plus one. It needs a little more room than a 1-bit weight and can switch an input off.
? What is quantisation-aware training? | What is quantization-aware training? | How can a 1-bit model be good? | Why train with signs? | What is QAT? | What is a straight-through estimator?
= In quantisation-aware training the model already computes with 1-bit weights while it learns, so that it learns to live with them.
? What is a full-precision twin? | What is the twin? | What is your twin? | Do you have a twin? | What is the twin for?
= My twin is the same model with full-precision weights. It shows how much quality the single bits cost.
? How do I run a model locally? | How do I use the model without paying? | What does aria run do? | Can I chat on the command line? | How do I chat locally?
= Run `aria run "your prompt"`. It answers on your own machine, without the network and without payment.
? What is the gateway? | What does the gateway do? | Explain the gateway. | How do I use the gateway? | How do I start the gateway?
= The gateway is a local server with the OpenAI API. It finds a provider, pays it with vouchers, and streams the answer to you. Start it with `aria gateway`.
? Can I use the OpenAI client? | Is ARIA compatible with OpenAI? | Does ARIA speak the OpenAI API? | How do I connect my app? | Which API does ARIA have?
= Yes. Point any OpenAI client at the address of your gateway and use it as usual. The gateway pays per token for you.
? What is the dashboard? | What does the dashboard show? | Where do I see my earnings? | How do I see what happens?
= The dashboard is a web page. It shows the network, your earnings over time, stake, audits, and the requests that were paid.
? What is the indexer? | What does the indexer do? | Explain the indexer.
= The indexer reads the chain into a database, serves the data to the dashboard, and runs the auditor.
? What is the engine? | What does the engine do? | Explain the engine. | Which engine does ARIA use?
= The engine runs the models. It is written in C++ and gives the same bits on every CPU and with any number of threads.
? Why are the bits the same everywhere? | What does bit-exact mean? | What is bit exactness? | Why is bit exactness important? | What does deterministic mean? | Is the output deterministic?
= Bit-exact means that every CPU computes exactly the same numbers. Then the same prompt, seed and model always give the same answer, and anyone can check it.
? What is a 1-bit model? | What are 1-bit models? | Explain 1-bit models. | How do 1-bit models work? | What does 1-bit mean? | Why 1-bit models? | Tell me about 1-bit models.
= A 1-bit model stores each weight as plus one or minus one, with a scale for each group of weights. It is small and fast on a CPU.
= In a 1-bit model every weight is only a sign. A group of 128 weights shares one scale, so the model needs little memory.
? Why are 1-bit models fast? | Why do 1-bit models run on a CPU? | Are 1-bit models fast?
= Their weights are very small, so less memory must be read, and most multiplications become additions of small integers.
? What is Q1_0? | Explain Q1_0. | Which format do you have?
= Q1_0 is the format of 1-bit weights in a GGUF file. A block holds 128 signs and one scale.
? What is GGUF? | What is a GGUF file? | Which file format do models have?
= GGUF is a file format for language models. It holds the weights, the tokenizer and the settings in one file.
? What is quantisation? | What is quantization? | What does quantised mean? | Why are models quantised?
= Quantisation stores numbers with few bits. In quantisation-aware training the model learns with the small numbers from the start, so it keeps its quality.
? What is the built-in model? | Which model is built in? | Which model do you use? | Tell me about your model. | How big is the built-in model? | What is aria-1?
= The built-in model is called aria-1. It is a small 1-bit model that the ARIA project trained itself, and it ships with the repository.
? What is a seed? | What does the seed do? | Why does a request have a seed?
= The seed decides the random choices when text is sampled. With the same seed, the same prompt gives the same answer.
? What is temperature? | What does temperature do? | What is the temperature setting?
= Temperature says how free the choice of the next token is. At zero the model always takes the most likely token.
? What is greedy sampling? | What does greedy mean? | What is sampling? | How does sampling work?
= Sampling picks the next token from the model's probabilities. Greedy sampling always picks the most likely one.
? What is a prompt? | What does prompt mean?
= A prompt is the text that you give to the model. The model answers it token by token.
? What is streaming? | Can answers be streamed? | Does ARIA stream? | How does streaming work?
= Yes, answers are streamed. You see each token as soon as it is made, and you pay only for what you receive.
? What is the credit window? | How much can I lose? | How much can a client lose? | How much can a provider lose? | Is my money safe? | What is the risk?
= At most one credit window of tokens is at risk, a few dozen tokens. Neither side can lose more than that.
? What happens when a provider fails? | What happens if a provider goes offline? | What is failover? | What if a provider stops? | What happens when the connection breaks?
= You pay only for the tokens that arrived, and you can ask another provider. Because every CPU computes the same bits, its answer is the same.
? How is the price set? | Who sets the price? | How much does a token cost? | What does an answer cost? | How much does ARIA cost? | Is ARIA expensive?
= Every provider sets its own price per token and writes it in its offer. You pay for the exact number of tokens that were read and written.
? How are tokens counted? | Is the bill exact? | Are costs estimated? | How exact is the bill?
= The bill is exact. The price is multiplied by the number of token ids, and both sides compute the same amount.
? Which network does ARIA use? | What is libp2p? | How do nodes talk? | How do the nodes communicate?
= Nodes talk over libp2p, a library for peer-to-peer networks. Every connection is encrypted.
? Which chain does ARIA use? | Which blockchain does ARIA use? | What is the local chain? | Where do the contracts run?
= The contracts run on any Ethereum chain. `npm start` uses a local development chain, and a public testnet comes later.
? Which contracts are there? | What contracts does ARIA have? | Which smart contracts exist? | List the contracts.
= The contracts are AriaToken, Models, Staking, Escrow, Audits and Rewards.
? What is a smart contract? | What is a contract?
= A smart contract is a program on a chain. It holds tokens and follows fixed rules that nobody can change.
? What is the Models contract? | What does the Models contract do? | How is a model identified? | What is a model id?
= The Models contract stores a fingerprint of each model. The id is a hash, so everyone knows exactly which weights were used.
? What is the Staking contract? | What does the Staking contract do?
= The Staking contract holds the stake of every operator and knows which node key belongs to it.
? What is the Audits contract? | What does the Audits contract do? | Where are audit scores stored?
= The Audits contract stores the roots of the receipts and the audit scores of each epoch.
? What is the Rewards contract? | What does the Rewards contract do? | Who mints tokens?
= The Rewards contract mints new tokens for audited work and pays them to operators.
? What is the Court? | What is a case? | What happens in a dispute? | How are disputes decided?
= The Court decides disputes. A challenger opens a case with a bond, and a proven fraud is slashed.
? What is a node key? | Which keys are there? | What is the operator wallet? | What is a session key?
= The operator wallet holds the stake and stays cold. The node key signs offers and receipts, and a client's session key signs vouchers.
? What is a Merkle root? | What is a Merkle tree? | Why does ARIA use Merkle trees?
= A Merkle tree turns many items into one hash, its root. A short proof shows that one item belongs to the root.
? What is a hash? | What does a hash do? | What is keccak256?
= A hash is a short fingerprint of data. If one bit of the data changes, the hash changes too. ARIA uses keccak256.
? What is a signature? | What does signed mean? | Why are messages signed?
= A signature proves who wrote a message and that nobody changed it. In ARIA, offers, quotes, vouchers and receipts are signed.
? Is ARIA decentralised? | Is ARIA decentralized? | Who controls ARIA? | Who owns ARIA? | Is there a central server?
= ARIA has no central server. Providers, clients and auditors meet in a peer-to-peer network, and contracts hold the rules.
? Is ARIA open source? | Which license does ARIA have? | What is the licence of ARIA? | Can I read the code? | Is ARIA free software?
= Yes, ARIA is open source under the Apache 2.0 licence.
? Is my prompt private? | Who can see my prompt? | Is ARIA private? | Are my prompts public?
= The provider that answers can read your prompt. The chain sees only a salted hash of it.
? What is a mystery shopper? | What is mystery shopping? | How do auditors stay hidden?
= A mystery shopper is an auditor that buys answers like a normal client, so a provider never knows which request is a test.
? What is wash trading? | Can I pay myself to get rewards? | Does fake traffic pay? | Can I earn with fake requests?
= Wash trading means paying yourself to collect rewards. It loses money in ARIA, because the burned fee is larger than the reward for it.
? What is a faucet? | How do I get tokens? | Where do I get ARIA tokens? | How do I get test tokens?
= On the local testnet, `npm start` gives test tokens to the accounts that it creates. You can also earn tokens as a provider.
? How do I install ARIA? | What do I need to install? | Which Node version do I need? | What are the requirements?
= You need npm and a C++ compiler. `npm start` installs and builds the rest.
? How do I list models? | Which models does ARIA support? | Which models can I run? | Can I use other models? | Can I use bigger models?
= ARIA runs 1-bit and ternary models in GGUF files, such as the llama and qwen3 families. The built-in model works at once.
? Does ARIA save energy? | How much energy does a 1-bit model need? | Is ARIA green?
= 1-bit models need much less work per token than full models, so they save energy.
? What is AVX-512? | What is a kernel? | What are kernels? | Which CPUs are supported?
= A kernel is the inner loop that does the arithmetic. ARIA has kernels for several CPUs, and all of them give the same bits.
? What is the context? | How long can a prompt be? | What is the maximum context? | How much can you remember? | What is your context length?
= The built-in model has a context of 1,024 tokens for the prompt and the answer together.
? What is the SDK? | How do I use ARIA from code? | Is there a TypeScript library? | How do I use ARIA in my program?
= The SDK is a TypeScript library. It finds a provider, opens a channel, pays with vouchers, and checks the receipts.
? What languages is ARIA written in? | In which language is ARIA written? | Which programming languages does ARIA use?
= ARIA is written in TypeScript, C++ and Solidity. The training of the built-in model is written in Python.
? What is the main idea of ARIA? | Explain ARIA in one sentence. | Summarise ARIA. | Explain ARIA to a child.
= Idle computers answer questions for money, and because they all compute the same bits, everyone can check that the answers are real.
"""

WRAPPERS = ["Can you tell me: {q}", "I have a question. {q}", "Please explain. {q}", "Hi! {q}", "Hello, {q}", "Hey, {q}", "I want to know: {q}", "Tell me, {q}", "{q} Please be short.", "Question: {q}", "{q} Explain it simply.", "One question: {q}", "I am new here. {q}", "{q} I want to understand it.", "Please answer: {q}", "Quick question. {q}", "Let me ask you this: {q}", "Good. {q}", "Next: {q}", "My question is: {q}"]


def parse(text):
    blocks, questions, answers = [], [], []
    for line in text.strip().split("\n") + ["?"]:
        if line.startswith("?"):
            if answers:
                blocks.append((questions, answers))
                questions, answers = [], []
            questions += [q.strip() for q in line[1:].split("|") if q.strip()]
        elif line.startswith("="):
            answers.append(line[1:].strip())
    return blocks


BLOCKS = parse(FACTS)


# Other ways to say the same: the start of a question, and what may replace it ({x} is the rest).
REPHRASE = [
    ("What is ", ["What's {x}?", "Tell me what {x} is.", "Can you explain what {x} is?", "I would like to know what {x} is.", "Do you know what {x} is?", "Define {x}.", "What exactly is {x}?"]),
    ("What are ", ["Tell me what {x} are.", "Can you explain what {x} are?", "I would like to know what {x} are.", "What exactly are {x}?"]),
    ("How do I ", ["How can I {x}?", "How to {x}?", "I want to {x}. How?", "What must I do to {x}?", "Show me how to {x}.", "Can you tell me how to {x}?"]),
    ("Explain ", ["Can you explain {x}?", "Please explain {x}.", "What can you say about {x}?", "Tell me more about {x}."]),
]


def rephrase(draw, question):
    for start, forms in REPHRASE:
        if question.startswith(start) and draw.chance(0.4):
            return draw.template(forms).format(x=question[len(start):].rstrip(".?"))
    return question


def ask(draw, question):
    question = rephrase(draw, question)
    if draw.chance(0.45):
        return question
    wrapper = draw.template(WRAPPERS)
    if wrapper.endswith(", {q}") and not question.startswith(("ARIA", "Q1", "GGUF", "I ", "Merkle", "TQ")):
        question = question[0].lower() + question[1:]
    return wrapper.format(q=question)


def sample(draw):
    """A known answer; which question stands in which wrapping is what can be held out."""
    def make():
        questions, answers = draw.choice(BLOCKS)
        return ask(draw, draw.template(questions)), draw.choice(answers)
    question, answer = draw.fact(make, lambda made: made[0])
    return [("user", question), ("assistant", answer)]
