/**
 * The textual form of graphs (.esp). One rule covers every operation: names of operations, attributes and element
 * types are checked after parsing, so that adding one never touches this file.
 */
grammar Espalier;

file: graph EOF;

graph: 'graph' STRING '{' statement* '}';

statement: weights | input | constant | node | output;

/** The file beside this one that holds the elements of the larger constants. */
weights: 'weights' STRING;

input: 'input' VALUE ':' tensorType;

constant: 'const' VALUE ':' tensorType ('@' NUMBER | '=' numbers);

/** The string is the node's name, where it is not that of its first result. */
node: results '=' name STRING? '(' operands? ')' attributes? ':' tensorTypes;

output: 'output' VALUE (',' VALUE)*;

results: VALUE (',' VALUE)*;

operands: VALUE (',' VALUE)*;

attributes: '{' (attribute (',' attribute)*)? '}';

attribute: name '=' (NUMBER | STRING | name | numbers);

tensorTypes: tensorType (',' tensorType)*;

/** Element type, shape, and quantization parameters: scale, zp, axis. */
tensorType: name numbers parameter*;

parameter: name '=' (NUMBER | numbers);

numbers: '[' (NUMBER (',' NUMBER)*)? ']';

/** Keywords are names where a name is expected. */
name: NAME | 'graph' | 'weights' | 'input' | 'const' | 'output';

VALUE: '%' (STRING_BODY | [A-Za-z0-9_.]+);
STRING: STRING_BODY;
/** An integer is exact. Anything else is rounded to float32, or with the suffix d to float64. */
NUMBER: '-'? ('inf' | 'nan' | [0-9]+ ('.' [0-9]+)? ([eE] [+-]? [0-9]+)? 'd'?);
NAME: [A-Za-z_] [A-Za-z0-9_]*;
COMMENT: '//' ~[\r\n]* -> skip;
SPACE: [ \t\r\n]+ -> skip;

/** As in JSON. */
fragment STRING_BODY: '"' ('\\' . | ~["\\\r\n])* '"';
