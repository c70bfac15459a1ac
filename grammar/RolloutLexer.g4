// Tokens of the rollout language. Number and unit are one token, so that `5m` can never be read as 5 and m.
lexer grammar RolloutLexer;

channels { COMMENTS }

// Words that begin a declaration, a statement or a clause. They are reserved in expressions and declared
// names, and allowed after `.`, as field names and as labels of arguments (parser rule `word`).
ABORT: 'abort';
ACTION: 'action';
AND: 'and';
AS: 'as';
AT: 'at';
ATTEMPTS: 'attempts';
BACKEND: 'backend';
BINDING: 'binding';
BY: 'by';
CAPABILITY: 'capability';
COMPENSABLE: 'compensable';
CONFIG: 'config';
ELSE: 'else';
EVERY: 'every';
EXAMPLE: 'example';
EXPECT: 'expect';
FAIL: 'fail';
FALSE: 'false';
FOR: 'for';
FROM: 'from';
GATE: 'gate';
GIVEN: 'given';
HARM: 'harm';
HELD: 'held';
HOLD: 'hold';
IDEMPOTENT: 'idempotent';
IF: 'if';
IMPLEMENTS: 'implements';
IMPORT: 'import';
IN: 'in';
INPUT: 'input';
IRREVERSIBLE: 'irreversible';
JUDGED: 'judged';
LET: 'let';
METRICS: 'metrics';
MINIMUM: 'minimum';
NONE: 'none';
NOT: 'not';
OBSERVE: 'observe';
OF: 'of';
ON: 'on';
OR: 'or';
OVER: 'over';
PASS: 'pass';
PER: 'per';
PHASE: 'phase';
PROVEN: 'proven';
RECORD: 'record';
REJECT: 'reject';
REQUIRE: 'require';
REVERSIBLE: 'reversible';
ROLLBACK: 'rollback';
ROLLOUT: 'rollout';
RUN: 'run';
SAMPLE: 'sample';
SERVICE: 'service';
SETS: 'sets';
SIGNAL: 'signal';
STRATEGY: 'strategy';
TARGET: 'target';
TEST: 'test';
THEN: 'then';
TRUE: 'true';
UNPROVEN: 'unproven';
VERIFY: 'verify';
WEIGHTS: 'weights';
WHEN: 'when';
WHERE: 'where';
WITH: 'with';
WITHIN: 'within';

LBRACE: '{';
RBRACE: '}';
LPAREN: '(';
RPAREN: ')';
LBRACKET: '[';
RBRACKET: ']';
COMMA: ',';
COLON: ':';
DOTDOT: '..';
DOT: '.';
QUESTION: '?';
ARROW: '->';
EQUAL: '==';
NOT_EQUAL: '!=';
LESS_EQUAL: '<=';
GREATER_EQUAL: '>=';
LESS: '<';
GREATER: '>';
ASSIGN: '=';
PLUS: '+';
MINUS: '-';
STAR: '*';
SLASH: '/';

DATE: D D D D '-' D D '-' D D;
TIME: D D ':' D D;
MONEY: NUMBER ' ' [A-Z] [A-Z] [A-Z];
PERCENT: NUMBER '%';
RATE: NUMBER '/' [smhd];
DURATION: (NUMBER ('ns' | 'us' | 'ms' | 's' | 'm' | 'h' | 'd'))+;
BYTES: NUMBER ('B' | 'KB' | 'MB' | 'GB' | 'TB' | 'KiB' | 'MiB' | 'GiB' | 'TiB');
FLOAT: INTEGER '.' D [0-9_]*;
INT: INTEGER;
// A number that runs into letters: reported by the parser with the units that exist.
BAD_NUMBER: NUMBER [/%]? [A-Za-z_] [A-Za-z0-9_]*;

STRING: '"' ('\\' ~[\r\n] | ~["\\\r\n])* '"';
UNTERMINATED: '"' ('\\' ~[\r\n] | ~["\\\r\n])*;

NAME: [A-Za-z_] [A-Za-z0-9_]*;

DOC: '///' ~[\r\n]* -> channel(COMMENTS);
COMMENT: '//' ~[\r\n]* -> channel(COMMENTS);
SPACE: [ \t\r\n]+ -> skip;
BAD: .;

fragment D: [0-9];
fragment INTEGER: [0-9] [0-9_]*;
fragment NUMBER: INTEGER ('.' D [0-9_]*)?;
