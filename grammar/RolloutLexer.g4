// Tokens of the rollout language. Number and unit are one token, so that `5m` can never be read as 5 and m.
// This is the definition; compiler/syntax/lexer.cpp is a faster lexer for the same tokens, compared by a test.
lexer grammar RolloutLexer;

channels { COMMENTS }

// Words that begin a declaration, a statement or a clause. They are reserved in expressions and declared
// names, and allowed after `.`, as field names and as labels of arguments (parser rule `word`). Each is written
// as its name in small letters. They have no rules here: a NAME that is one of them becomes that token when it is
// read (compiler/syntax/words.h).
tokens {
  ABORT, ACTION, AFTER, AND, APPROVE, AS, ASK, AT, ATTEMPTS, BACKEND, BATCHES, BEFORE, BINDING, BUDGET, BY,
  CALENDAR, CAPABILITY, CHECK, CHECKPOINT, COMMIT, COMPATIBLE, COMPENSABLE, CONFIG, DATABASE, DEPRECATED, DURING, ELSE,
  ENUM, ENVIRONMENT, ESCALATE, EVERY, EXAMPLE, EXCEPT, EXPECT, FAIL, FALSE, FLAG, FOR, FORBID, FROM, FUNC, GATE, GIVEN,
  HARM, HELD, HOLD, IDEMPOTENT, IDENTIFIED,
  IF, IMPLEMENTS, IMPORT, IN, INPUT, IRREVERSIBLE, JUDGED, LET, LOCK, MATCH, METRICS,
  MINIMUM, NONE, NOT, NOTIFY, OBSERVE, OF, ON, OR, OVER, PARALLEL, PASS, PER, PHASE, POLICY, PREFLIGHT,
  PROMOTION, PROVEN, RECORD, REJECT, RENAMED, REQUIRE, REVERSIBLE, ROLLBACK, ROLLOUT, RUN, SAMPLE, SERVICE, SETS,
  SIGNAL, SOAK, STRATEGY, TARGET, TEAM, TEST, THEN, TRUE, UNPROVEN, VERIFY, WAVES, WEIGHTS, WHEN, WHERE, WITH,
  WITHIN
}

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

INSTANT: DATE 'T' TIME (':' D D)? 'Z';
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
