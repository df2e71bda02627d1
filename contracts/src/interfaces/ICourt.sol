// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

/// @notice What an operator is accused of.
enum Charge {
    None,
    WrongOutput, // a receipt's output is not what the model gives
    Withheld, // a sampled public transcript was not served to the drawn verifiers
    Omitted, // a signed public receipt is missing from the root of its epoch
    Equivocation, // two signed receipts of one request
    BadAttestation // a verifier's digest or score is not what the work gives
}

/// @notice Where a case stands; each stage ends by time alone.
enum Stage {
    None,
    Accused, // waits for the accused; silence is an admission
    Trial, // first committee
    Appeal, // second committee
    Referred, // the appeal lies with the referee
    Decided, // proven, conceded or ruled; waits for its execution
    Closed
}

enum Verdict {
    Undecided,
    Innocent,
    Fault, // a single wrong receipt of an operator with a long clean record: a bit flip, not a fraud
    Guilty
}

/// @notice A bonded challenge.
struct Case {
    address accused;
    uint40 since; // start of the stage
    Charge charge;
    Stage stage;
    Verdict verdict; // fixed by proof, concession or referee; final once closed
    bool conceded;
    bool ruled; // by the referee
    address challenger;
    uint96 bond; // of each party; an appeal costs three times as much
    address defender; // who posted the bond of the answer
    uint40 epoch; // of an omitted receipt
    address appellant;
    uint96 jurorShare; // what each juror who voted with the final verdict may collect
}

/// @notice One committee's votes.
struct Round {
    uint8 jurors; // drawn
    uint8 innocent;
    uint8 fault;
    uint8 guilty;
}

/// @notice One juror's vote.
struct Ballot {
    bytes32 commitment;
    Verdict vote;
    bool drawn;
    bool settled;
}

/// @notice Convictions of an operator for wrong outputs.
struct Conviction {
    uint40 time; // of the last one
    bool fraud;
}

/// @notice Parameters of one network. Durations in seconds.
struct CourtParameters {
    uint96 bond;
    uint32 answer; // for the accused to answer
    uint32 juryDelay; // from the answer to the round that draws the committee
    uint32 commit; // jurors commit
    uint32 reveal; // jurors reveal
    uint32 appeal; // for anyone to appeal, within the queue
    uint32 queue; // from a verdict to its execution: the guardian's time for a veto
    uint32 referee; // for the referee to rule
    uint32 jail; // for hiding a transcript or a receipt
    uint32 repeat; // a second fraud within this time takes everything
    uint8 seats;
    uint8 quorum; // equal votes that make a verdict
    uint8 appealSeats;
    uint8 appealQuorum;
}

/// @title ICourt
/// @notice Bonded challenges: the only way to a slash.
interface ICourt {
    event Opened(
        bytes32 indexed id,
        Charge indexed charge,
        address indexed accused,
        address challenger,
        uint96 bond,
        bytes32 evidenceHash
    );
    event Evidence(bytes32 indexed id, address indexed by, bytes32 evidenceHash);
    event Conceded(bytes32 indexed id);
    event Answered(bytes32 indexed id, address indexed defender, uint64 round);
    event JuryDrawn(bytes32 indexed id, Stage indexed stage, address[] jurors);
    event VoteCommitted(bytes32 indexed id, Stage indexed stage, address indexed juror);
    event VoteRevealed(bytes32 indexed id, Stage indexed stage, address indexed juror, Verdict vote);
    /// @notice `round` draws the second committee; 0: the appeal lies with the referee.
    event Appealed(bytes32 indexed id, address indexed appellant, uint64 round);
    event Ruled(bytes32 indexed id, Verdict verdict);
    event Vetoed(bytes32 indexed id);
    event CaseClosed(bytes32 indexed id, Verdict verdict, uint256 slashed);
    event JurorSettled(bytes32 indexed id, Stage indexed stage, address indexed juror, uint256 paid, uint256 fined);
    event PaidOut(address indexed account, address indexed to, uint256 amount);
    event BondChanged(uint96 bond);
    event RefereeSet(address referee);

    error BadParameters();
    error NotGovernor(address caller);
    error NotReferee(address caller);
    /// @notice Only the accused operator, or the node key it uses, may do this.
    error NotAccused(address caller);
    error NotJuror(address operator, bytes32 id);
    /// @notice The court is not the slasher of Staking (yet, or any more).
    error NotInOffice();
    /// @notice The same deed was brought to court before.
    error AlreadyOpened(bytes32 id);
    error UnknownCase(bytes32 id);
    /// @notice The case is in another stage, or its charge has another answer.
    error WrongStage(bytes32 id, Stage stage);
    /// @notice The action belongs into [from, until); now is `time`.
    error WindowClosed(uint256 time, uint256 from, uint256 until);
    /// @notice Only the Charges contract may do this.
    error NotCharges(address caller);
    /// @notice The committee's beacon round is not known yet.
    error NotYet(uint64 round);
    /// @notice So little is at stake that a case would only cost the jurors' time.
    error TooLittleAtStake(address operator, uint256 bonded);
    error TooManyCases(address operator, uint256 open);
    error AlreadyDone(bytes32 id);
    error BadVote();
    error BondOutOfBounds(uint256 bond, uint256 min, uint256 max);
    error NothingToPay(address account);

    /* CHARGES */

    /// @notice Opens a case whose charge the Charges contract has checked, on behalf of `challenger`, who pays the bond.
    /// @param epoch Of an omitted receipt.
    function open(
        Charge charge,
        bytes32 subject,
        address accused,
        address challenger,
        uint40 epoch,
        bytes32 evidenceHash
    ) external returns (bytes32 id);

    /// @notice Closes a case whose answer the Charges contract has checked.
    function acquit(bytes32 id) external;

    /// @notice Points the jurors to more evidence. Anyone may: a sham challenger cannot keep the truth out.
    function addEvidence(bytes32 id, bytes32 evidenceHash) external;

    /* ANSWERS */

    /// @notice The accused operator admits it: half the slash, no vote.
    function concede(bytes32 id) external;

    /// @notice The accused operator, or its node key, denies it with an equal bond; a committee will decide.
    function answer(bytes32 id) external;

    /// @notice Takes the epoch's work reward as soon as an omission is conceded or not answered in time: early enough
    /// for claims that open two epochs later. The slash itself waits as any other. Anyone may call.
    function voidRoot(bytes32 id) external;

    /* COMMITTEE */

    /// @notice Draws the committee once its beacon round is known, before half of the time to commit is over.
    function drawJury(bytes32 id) external returns (address[] memory jurors);

    /// @notice A juror's node key commits keccak256(abi.encode(id, stage, juror, vote, salt)).
    function commitVote(bytes32 id, bytes32 commitment) external;

    function revealVote(bytes32 id, Verdict vote, bytes32 salt) external;

    /// @notice After the case: pays a juror who voted with the final verdict, fines one who did not vote (1 % of a slot),
    /// voted against it (2 %) or against the referee's ruling (20 %). The caller earns a quarter of the fine.
    function settleJuror(bytes32 id, Stage stage, address juror) external;

    /* VERDICTS */

    /// @notice Asks for the second instance, for three times the bond. Anyone may.
    function appeal(bytes32 id) external;

    /// @notice The referee's ruling on an appeal.
    function rule(bytes32 id, Verdict verdict) external;

    /// @notice The guardian cancels a slash that waits for its execution.
    function veto(bytes32 id) external;

    /// @notice Carries out what was decided. Anyone may call from `executableAt` on.
    function execute(bytes32 id) external;

    /// @notice Pays what the court owes the caller: bonds, halves of lost bonds, jurors' shares.
    function withdraw(address to) external returns (uint256 amount);

    /* GOVERNANCE */

    /// @notice Sets the bond of new cases, within a quarter and four times the first one.
    function setBond(uint96 bond) external;

    /// @notice Fills the referee's seat, once for ever.
    function setReferee(address referee) external;

    /* VIEWS */

    /// @notice keccak256(abi.encode(charge, subject)), the subject being the receipt's digest, keccak256(epoch,
    /// provider, sample), keccak256(accused, requestHash) or keccak256(epoch, verifier, provider): nothing that a sham
    /// case could vary.
    function caseId(Charge charge, bytes32 subject) external pure returns (bytes32);

    function cases(bytes32 id) external view returns (Case memory);

    function rounds(bytes32 id, Stage stage) external view returns (Round memory);

    function ballots(bytes32 id, Stage stage, address juror) external view returns (Ballot memory);

    /// @notice The verdict as of now, and from when on it can be executed.
    function verdictOf(bytes32 id) external view returns (Verdict verdict, uint256 executableAt);

    function convictions(address operator) external view returns (Conviction memory);

    /// @notice What the court owes `account`.
    function credits(address account) external view returns (uint256);

    function bondNow() external view returns (uint96);

    function referee() external view returns (address);
}
