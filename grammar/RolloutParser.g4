// Grammar of the rollout language. Every declaration, statement and clause begins with a reserved word (or is a
// call), so one token decides; a missing value is found where it is missing. No embedded code.
parser grammar RolloutParser;

options { tokenVocab = RolloutLexer; }

file: declaration* EOF;

declaration
    : importDecl
    | inputDecl
    | letDecl
    | calendarDecl
    | enumDecl
    | recordDecl
    | funcDecl
    | targetDecl
    | metricsDecl
    | teamDecl
    | environmentDecl
    | serviceDecl
    | flagDecl
    | databaseDecl
    | lockDecl
    | renamedDecl
    | capabilityDecl
    | backendDecl
    | gateDecl
    | strategyDecl
    | rolloutDecl
    | promotionDecl
    | policyDecl
    | testDecl
    ;

importDecl
    : IMPORT STRING DOT LBRACE importName (COMMA importName)* COMMA? RBRACE           # importFile
    | IMPORT NAME (DOT word)* DOT LBRACE importName (COMMA importName)* COMMA? RBRACE # importLibrary
    ;
importName: NAME (AS NAME)?;

inputDecl: INPUT NAME COLON type inputClause*;
inputClause
    : ASSIGN expr   # inputDefault
    | EXAMPLE expr  # inputExample
    | WHERE expr    # inputWhere
    | deprecated    # inputDeprecated
    ;

letDecl: LET NAME (COLON type)? ASSIGN (expr | observation);
// Each observed value says how it is looked at again before the first effect.
observation: OBSERVE expr recheck (EXAMPLE expr)?;
recheck
    : NAME         # recheckWord
    | WITHIN expr  # recheckWithin
    | AT RUN NAME  # recheckAtRun
    ;

calendarDecl: CALENDAR NAME ASSIGN expr exceptions?;
exceptions: EXCEPT excepted (COMMA excepted)*;
// Days of the week or dates, whole or between two times.
excepted: expr (TIME DOTDOT TIME)?;

enumDecl: ENUM NAME LBRACE NAME (COMMA NAME)* COMMA? RBRACE;

funcDecl: FUNC NAME parameters ARROW type ASSIGN expr;

recordDecl: RECORD NAME LBRACE field* RBRACE;
field: word COLON type (ASSIGN expr)? (WHERE expr)? deprecated?;
deprecated: DEPRECATED STRING;

targetDecl: TARGET NAME places? COLON NAME config;
metricsDecl: METRICS NAME places? COLON NAME config;
// `at r in regions`: one at each of them; `r` is visible in what follows.
places: AT NAME IN expr;
teamDecl: TEAM NAME config;
config: LBRACE setting* RBRACE;
setting: word ASSIGN expr config?;

// What names mean in one world, and who must approve before a plan runs there.
environmentDecl: ENVIRONMENT NAME LBRACE environmentItem* RBRACE;
environmentItem
    : NAME ASSIGN expr     # environmentValue
    | APPROVE BY question  # environmentApprove
    ;

serviceDecl: SERVICE NAME places? LBRACE serviceItem* RBRACE;
serviceItem
    : SIGNAL NAME COLON type ASSIGN expr # serviceSignal
    | compatible                         # serviceCompatible
    | setting                            # serviceSetting
    ;
// What versions live beside: `compatible with schema 12..13 of orders from 2.0`, `compatible with >= 1.8`.
compatible: COMPATIBLE WITH NAME? (GREATER_EQUAL bound | bound (DOTDOT bound)?) (OF NAME)? (FROM bound)?;
bound: INT | FLOAT | STRING;

flagDecl: FLAG NAME places? config;
databaseDecl: DATABASE NAME places? config;

// At most one run of all that share a state store holds it.
lockDecl: LOCK NAME;
// What the state knows by the first name has the second one in the files.
renamedDecl: RENAMED NAME ARROW NAME;

capabilityDecl: CAPABILITY NAME LBRACE capabilityItem* RBRACE;
capabilityItem
    : BINDING word OF (SERVICE | FLAG | DATABASE)                # capabilityBinding
    | reversibility ACTION NAME parameters LBRACE effect* RBRACE # capabilityAction
    | OBSERVE word parameters ARROW type                         # capabilityObserve
    | SIGNAL NAME parameters ARROW type FROM NAME                # capabilitySignal
    ;
reversibility: REVERSIBLE | COMPENSABLE | IRREVERSIBLE;
// Only services have roles.
effect: SETS word LPAREN NAME (COMMA NAME)? RPAREN ASSIGN expr;

parameters: LPAREN (parameter (COMMA parameter)* COMMA?)? RPAREN;
parameter: word COLON type (ASSIGN expr)? (WHERE expr)? deprecated?;

// Behind `except` stand the actions that it cannot do, behind `with` the settings that an action cannot do without.
backendDecl: BACKEND NAME IMPLEMENTS NAME (PLUS NAME)* (EXCEPT NAME (COMMA NAME)*)? LBRACE backendItem* RBRACE;
backendItem
    : CONFIG field                             # backendConfig
    | BINDING field (GIVEN word (COMMA word)*)? # backendBinding
    | IDENTIFIED BY identity (COMMA identity)* # backendIdentity
    | OBSERVE word parameters ARROW type       # backendObserve
    | WEIGHTS INT DOTDOT INT PER NAME          # backendWeights
    | ACTION NAME (WITH NAME (PLUS NAME)*)? LBRACE actionLimit* RBRACE # backendAction
    ;
identity: word (AS word)?;
actionLimit
    : WITHIN expr   # limitWithin
    | ATTEMPTS INT  # limitAttempts
    | IDEMPOTENT    # limitIdempotent
    ;

gateDecl: GATE NAME parameters LBRACE gateClause* RBRACE;
gateClause
    : SAMPLE EVERY expr                        # gateSample
    | MINIMUM expr NAME                        # gateMinimum
    | HARM PLUS expr OF expr                   # gateHarm
    | REJECT WHEN expr certainty?              # gateReject
    | REQUIRE expr certainty?                  # gateRequire
    | ON (NAME | FAIL) LBRACE (HOLD expr THEN)? response RBRACE # gateOn
    ;
certainty
    : PROVEN expr         # certaintyProven
    | OVER expr NAME      # certaintySamples
    ;
response: FAIL # responseFail | PASS UNPROVEN # responsePass | ASK question # responseAsk;
question: expr (OF expr)? (LBRACE approveClause* RBRACE)?;

strategyDecl: STRATEGY NAME parameters block;
rolloutDecl: ROLLOUT NAME block;

block: LBRACE statement* RBRACE;
// Behind `phase`, on its line, each word is a NAME: `phase soak { … }`, `in phase test` (compiler/syntax/tokens.cpp).
// Behind BINDING, BY, AS and COMMA `phase` is itself no more than a word.
statement
    : PHASE (NAME | STRING) (AFTER NAME (COMMA NAME)*)? block # phaseStatement
    | PARALLEL block                                    # parallelStatement
    | HOLD expr (JUDGED BY expr (COMMA expr)*)?         # holdStatement
    | FOR NAME IN expr (WHERE expr)? (forClause (COMMA forClause)*)? block # forStatement
    | IF expr block (ELSE (block | ifElse))?            # ifStatement
    | LET NAME (COLON type)? ASSIGN expr                # letStatement
    | DURING expr exceptions? (LBRACE AT NAME NAME RBRACE)? # duringStatement
    | ROLLBACK WHEN expr (HELD expr | certainty (EVERY expr)?)? # watchStatement
    | APPROVE BY question                               # approveStatement
    | COMMIT STRING                                     # commitStatement
    | CHECKPOINT STRING                                 # checkpointStatement
    | BUDGET NAME LESS_EQUAL expr                       # budgetStatement
    | LOCK NAME (WITHIN expr)? block                    # lockStatement
    | NOTIFY expr STRING?                               # notifyStatement
    | PREFLIGHT LBRACE preflightClause* RBRACE          # preflightStatement
    | ROLLBACK LBRACE rollbackClause* RBRACE            # rollbackStatement
    | ((BEFORE | AFTER) PHASE (NAME | STRING)? | ON (ABORT | ROLLBACK)) block # hookStatement
    | ON NAME (ROLLBACK | NAME (AT NAME expr NAME)? | LBRACE retry RBRACE) # onFailureStatement
    | ON NAME RUN (NAME | REJECT) (WITHIN expr)?        # newerStatement
    | callee LPAREN arguments? RPAREN                   # callStatement
    ;
forClause
    : IN WAVES expr (SOAK expr)?      # forWaves
    | IN BATCHES OF expr (SOAK expr)? # forBatches
    | IN NAME NAME                    # forOrder
    | AT NAME expr AT NAME            # forAtMost
    ;
retry: NAME expr EVERY expr THEN NAME;
ifElse: IF expr block (ELSE (block | ifElse))?;
rollbackClause
    : WITHIN expr                  # rollbackWithin
    | VERIFY expr (WITHIN expr)?   # rollbackVerify
    | NOTIFY expr                  # rollbackNotify
    | NAME expr                    # rollbackKept
    ;
preflightClause
    : SAMPLE EVERY expr  # preflightSample
    | CHECK STRING expr (WITHIN expr)?  # preflightCheck
    ;
approveClause
    : NAME expr                      # approveTimeout
    | ON NAME (FAIL | ROLLBACK | NAME) # approveOn
    | ESCALATE NAME expr AFTER expr    # approveEscalate
    ;
callee: NAME (LBRACKET expr RBRACKET DOT word)? (DOT word)*;

promotionDecl: PROMOTION NAME ASSIGN NAME LBRACE promotionStage (THEN promotionStage)* RBRACE;
promotionStage: NAME (SOAK expr)?;

policyDecl: POLICY NAME parameters? LBRACE policyItem* RBRACE;
// `for some` asks for one of them at least. Of what stands behind `for every` only a rollout has environments.
policyItem
    : FOR (EVERY | NAME) policyElement NAME (IN NAME (COMMA NAME)*)? (OF NAME)? (WHERE expr)?
      LBRACE policyItem* RBRACE                               # policyEvery
    | EXCEPT ROLLOUT NAME LBRACE exceptionClause* RBRACE      # policyExcept
    | REQUIRE (expr (WITHIN expr | policyOrder)? | policyMark policyOrder) # policyRequire
    | FORBID NAME DURING expr exceptions?                     # policyForbid
    | NAME LPAREN arguments? RPAREN                           # policyCall
    ;
policyElement: ROLLOUT | PHASE | ACTION | GATE | NAME;
policyOrder: BEFORE (NAME | policyMark) ON (EVERY | NAME) NAME;
policyMark: GATE | COMMIT | CHECKPOINT | PREFLIGHT;
// `because "…"`, `asked by "anna"`, `approved by "ben" of managers`, `until 2026-12-31 in "Europe/Stockholm"`.
exceptionClause: NAME (BY expr (OF expr)? | expr (IN expr)?);

testDecl: TEST STRING LBRACE testItem* RBRACE;
testItem
    : GIVEN NAME (INSTANT | DATE TIME IN expr)              # givenStart
    | GIVEN FAIL callee (IN PHASE (NAME | STRING))? (IN NAME)? # givenFail
    | GIVEN NAME IN PHASE (NAME | STRING) (IN NAME)?        # givenCrash
    | GIVEN NAME NAME expr                                  # givenNoise
    | GIVEN LOCK NAME HELD NAME expr (IN NAME)?             # givenLock
    | GIVEN (APPROVE | REJECT) BY expr AFTER expr (IN PHASE (NAME | STRING))? (IN NAME)? # givenAnswer
    | GIVEN givenSubject ASSIGN expr (THEN expr AT expr)* (IN NAME)? # givenSignal
    | RUN NAME LPAREN arguments? RPAREN (IN NAME)?         # testRun
    | AT expr (ABORT | NAME)                               # testAbort
    | EXPECT expr (IN PHASE (NAME | STRING))? (IN NAME)?   # testExpect
    ;

// A signal, or a flag or a database itself.
givenSubject: NAME (LBRACKET expr RBRACKET)? (DOT word)*;

type: NAME (LESS type (COMMA type)* GREATER)? (WITH NAME (PLUS NAME)*)? QUESTION?;

expr
    : expr DOT word                                                           # memberExpr
    | expr LPAREN arguments? RPAREN                                           # callExpr
    | expr LBRACKET expr RBRACKET                                             # indexExpr
    | MINUS expr                                                              # negateExpr
    | expr (STAR | SLASH) expr                                                # productExpr
    | expr (PLUS | MINUS) expr                                                # sumExpr
    | expr DOTDOT expr                                                        # rangeExpr
    | expr (LESS | LESS_EQUAL | GREATER | GREATER_EQUAL | EQUAL | NOT_EQUAL) expr # comparisonExpr
    | NOT expr                                                                # notExpr
    | expr AND expr                                                           # andExpr
    | expr OR expr                                                            # orExpr
    | LPAREN expr RPAREN                                                      # groupExpr
    | LBRACKET (entry (COMMA entry)* COMMA? | COLON)? RBRACKET                # listExpr
    | MATCH expr LBRACE matchArm* RBRACE                                      # matchExpr
    | literal                                                                 # literalExpr
    | (NAME | ROLLBACK | FROM)                                                # nameExpr
    ;

// With a colon in all of them it is a map.
entry: expr (COLON expr)?;
matchArm: (NAME (COMMA NAME)* | ELSE) ARROW expr;

arguments: argument (COMMA argument)* COMMA?;
argument: (word COLON)? expr;

literal
    : STRING | INT | FLOAT | PERCENT | DURATION | RATE | BYTES | MONEY | TIME | DATE | INSTANT | TRUE | FALSE | NONE
    ;

word
    : NAME | ABORT | ACTION | AFTER | AND | APPROVE | AS | ASK | AT | ATTEMPTS | BACKEND | BATCHES | BEFORE
    | BINDING | BUDGET | BY | CALENDAR | CAPABILITY | CHECK | CHECKPOINT | COMMIT | COMPATIBLE | COMPENSABLE | CONFIG
    | DATABASE | DEPRECATED | DURING | ELSE | ENUM | ENVIRONMENT | ESCALATE | EVERY | EXAMPLE | EXCEPT | EXPECT
    | FAIL | FALSE | FLAG | FOR | FORBID | FROM | FUNC | GATE | GIVEN | HARM | HELD | HOLD | IDEMPOTENT | IDENTIFIED
    | IF | IMPLEMENTS | IMPORT | IN | INPUT | IRREVERSIBLE | JUDGED | LET | LOCK | MATCH | METRICS
    | MINIMUM | NONE | NOT | NOTIFY | OBSERVE | OF | ON | OR | OVER | PARALLEL | PASS | PER | PHASE
    | POLICY | PREFLIGHT | PROMOTION | PROVEN | RECORD | REJECT | RENAMED | REQUIRE | REVERSIBLE
    | ROLLBACK | ROLLOUT | RUN | SAMPLE | SERVICE | SETS | SIGNAL | SOAK | STRATEGY | TARGET | TEAM
    | TEST | THEN | TRUE | UNPROVEN | VERIFY | WAVES | WEIGHTS | WHEN | WHERE | WITH | WITHIN
    ;
