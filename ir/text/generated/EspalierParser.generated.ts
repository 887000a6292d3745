// @ts-nocheck
// Generated from Espalier.g4 by scripts/generate-parser.mjs. Do not edit.
import * as antlr from "antlr4ng";
import { Token } from "antlr4ng";



export class EspalierParser extends antlr.Parser {
    public static readonly T__0 = 1;
    public static readonly T__1 = 2;
    public static readonly T__2 = 3;
    public static readonly T__3 = 4;
    public static readonly T__4 = 5;
    public static readonly T__5 = 6;
    public static readonly T__6 = 7;
    public static readonly T__7 = 8;
    public static readonly T__8 = 9;
    public static readonly T__9 = 10;
    public static readonly T__10 = 11;
    public static readonly T__11 = 12;
    public static readonly T__12 = 13;
    public static readonly T__13 = 14;
    public static readonly T__14 = 15;
    public static readonly VALUE = 16;
    public static readonly STRING = 17;
    public static readonly NUMBER = 18;
    public static readonly NAME = 19;
    public static readonly COMMENT = 20;
    public static readonly SPACE = 21;
    public static readonly RULE_file = 0;
    public static readonly RULE_graph = 1;
    public static readonly RULE_statement = 2;
    public static readonly RULE_weights = 3;
    public static readonly RULE_input = 4;
    public static readonly RULE_constant = 5;
    public static readonly RULE_node = 6;
    public static readonly RULE_output = 7;
    public static readonly RULE_results = 8;
    public static readonly RULE_operands = 9;
    public static readonly RULE_attributes = 10;
    public static readonly RULE_attribute = 11;
    public static readonly RULE_tensorTypes = 12;
    public static readonly RULE_tensorType = 13;
    public static readonly RULE_parameter = 14;
    public static readonly RULE_numbers = 15;
    public static readonly RULE_name = 16;

    public static readonly literalNames = [
        null, "'graph'", "'{'", "'}'", "'weights'", "'input'", "':'", "'const'", 
        "'@'", "'='", "'('", "')'", "'output'", "','", "'['", "']'"
    ];

    public static readonly symbolicNames = [
        null, null, null, null, null, null, null, null, null, null, null, 
        null, null, null, null, null, "VALUE", "STRING", "NUMBER", "NAME", 
        "COMMENT", "SPACE"
    ];
    public static readonly ruleNames = [
        "file", "graph", "statement", "weights", "input", "constant", "node", 
        "output", "results", "operands", "attributes", "attribute", "tensorTypes", 
        "tensorType", "parameter", "numbers", "name",
    ];

    public get grammarFileName(): string { return "Espalier.g4"; }
    public get literalNames(): (string | null)[] { return EspalierParser.literalNames; }
    public get symbolicNames(): (string | null)[] { return EspalierParser.symbolicNames; }
    public get ruleNames(): string[] { return EspalierParser.ruleNames; }
    public get serializedATN(): number[] { return EspalierParser._serializedATN; }

    protected createFailedPredicateException(predicate?: string, message?: string): antlr.FailedPredicateException {
        return new antlr.FailedPredicateException(this, predicate, message);
    }

    public constructor(input: antlr.TokenStream) {
        super(input);
        this.interpreter = new antlr.ParserATNSimulator(this, EspalierParser._ATN, EspalierParser.decisionsToDFA, new antlr.PredictionContextCache());
    }
    public file(): FileContext {
        let localContext = new FileContext(this.context, this.state);
        this.enterRule(localContext, 0, EspalierParser.RULE_file);
        try {
            this.enterOuterAlt(localContext, 1);
            {
            this.state = 34;
            this.graph();
            this.state = 35;
            this.match(EspalierParser.EOF);
            }
        }
        catch (re) {
            if (re instanceof antlr.RecognitionException) {
                this.errorHandler.reportError(this, re);
                this.errorHandler.recover(this, re);
            } else {
                throw re;
            }
        }
        finally {
            this.exitRule();
        }
        return localContext;
    }
    public graph(): GraphContext {
        let localContext = new GraphContext(this.context, this.state);
        this.enterRule(localContext, 2, EspalierParser.RULE_graph);
        let _la: number;
        try {
            this.enterOuterAlt(localContext, 1);
            {
            this.state = 37;
            this.match(EspalierParser.T__0);
            this.state = 38;
            this.match(EspalierParser.STRING);
            this.state = 39;
            this.match(EspalierParser.T__1);
            this.state = 43;
            this.errorHandler.sync(this);
            _la = this.tokenStream.LA(1);
            while ((((_la) & ~0x1F) === 0 && ((1 << _la) & 69808) !== 0)) {
                {
                {
                this.state = 40;
                this.statement();
                }
                }
                this.state = 45;
                this.errorHandler.sync(this);
                _la = this.tokenStream.LA(1);
            }
            this.state = 46;
            this.match(EspalierParser.T__2);
            }
        }
        catch (re) {
            if (re instanceof antlr.RecognitionException) {
                this.errorHandler.reportError(this, re);
                this.errorHandler.recover(this, re);
            } else {
                throw re;
            }
        }
        finally {
            this.exitRule();
        }
        return localContext;
    }
    public statement(): StatementContext {
        let localContext = new StatementContext(this.context, this.state);
        this.enterRule(localContext, 4, EspalierParser.RULE_statement);
        try {
            this.state = 53;
            this.errorHandler.sync(this);
            switch (this.tokenStream.LA(1)) {
            case EspalierParser.T__3:
                this.enterOuterAlt(localContext, 1);
                {
                this.state = 48;
                this.weights();
                }
                break;
            case EspalierParser.T__4:
                this.enterOuterAlt(localContext, 2);
                {
                this.state = 49;
                this.input();
                }
                break;
            case EspalierParser.T__6:
                this.enterOuterAlt(localContext, 3);
                {
                this.state = 50;
                this.constant();
                }
                break;
            case EspalierParser.VALUE:
                this.enterOuterAlt(localContext, 4);
                {
                this.state = 51;
                this.node();
                }
                break;
            case EspalierParser.T__11:
                this.enterOuterAlt(localContext, 5);
                {
                this.state = 52;
                this.output();
                }
                break;
            default:
                throw new antlr.NoViableAltException(this);
            }
        }
        catch (re) {
            if (re instanceof antlr.RecognitionException) {
                this.errorHandler.reportError(this, re);
                this.errorHandler.recover(this, re);
            } else {
                throw re;
            }
        }
        finally {
            this.exitRule();
        }
        return localContext;
    }
    public weights(): WeightsContext {
        let localContext = new WeightsContext(this.context, this.state);
        this.enterRule(localContext, 6, EspalierParser.RULE_weights);
        try {
            this.enterOuterAlt(localContext, 1);
            {
            this.state = 55;
            this.match(EspalierParser.T__3);
            this.state = 56;
            this.match(EspalierParser.STRING);
            }
        }
        catch (re) {
            if (re instanceof antlr.RecognitionException) {
                this.errorHandler.reportError(this, re);
                this.errorHandler.recover(this, re);
            } else {
                throw re;
            }
        }
        finally {
            this.exitRule();
        }
        return localContext;
    }
    public input(): InputContext {
        let localContext = new InputContext(this.context, this.state);
        this.enterRule(localContext, 8, EspalierParser.RULE_input);
        try {
            this.enterOuterAlt(localContext, 1);
            {
            this.state = 58;
            this.match(EspalierParser.T__4);
            this.state = 59;
            this.match(EspalierParser.VALUE);
            this.state = 60;
            this.match(EspalierParser.T__5);
            this.state = 61;
            this.tensorType();
            }
        }
        catch (re) {
            if (re instanceof antlr.RecognitionException) {
                this.errorHandler.reportError(this, re);
                this.errorHandler.recover(this, re);
            } else {
                throw re;
            }
        }
        finally {
            this.exitRule();
        }
        return localContext;
    }
    public constant(): ConstantContext {
        let localContext = new ConstantContext(this.context, this.state);
        this.enterRule(localContext, 10, EspalierParser.RULE_constant);
        try {
            this.enterOuterAlt(localContext, 1);
            {
            this.state = 63;
            this.match(EspalierParser.T__6);
            this.state = 64;
            this.match(EspalierParser.VALUE);
            this.state = 65;
            this.match(EspalierParser.T__5);
            this.state = 66;
            this.tensorType();
            this.state = 71;
            this.errorHandler.sync(this);
            switch (this.tokenStream.LA(1)) {
            case EspalierParser.T__7:
                {
                this.state = 67;
                this.match(EspalierParser.T__7);
                this.state = 68;
                this.match(EspalierParser.NUMBER);
                }
                break;
            case EspalierParser.T__8:
                {
                this.state = 69;
                this.match(EspalierParser.T__8);
                this.state = 70;
                this.numbers();
                }
                break;
            default:
                throw new antlr.NoViableAltException(this);
            }
            }
        }
        catch (re) {
            if (re instanceof antlr.RecognitionException) {
                this.errorHandler.reportError(this, re);
                this.errorHandler.recover(this, re);
            } else {
                throw re;
            }
        }
        finally {
            this.exitRule();
        }
        return localContext;
    }
    public node(): NodeContext {
        let localContext = new NodeContext(this.context, this.state);
        this.enterRule(localContext, 12, EspalierParser.RULE_node);
        let _la: number;
        try {
            this.enterOuterAlt(localContext, 1);
            {
            this.state = 73;
            this.results();
            this.state = 74;
            this.match(EspalierParser.T__8);
            this.state = 75;
            this.name();
            this.state = 77;
            this.errorHandler.sync(this);
            _la = this.tokenStream.LA(1);
            if (_la === 17) {
                {
                this.state = 76;
                this.match(EspalierParser.STRING);
                }
            }

            this.state = 79;
            this.match(EspalierParser.T__9);
            this.state = 81;
            this.errorHandler.sync(this);
            _la = this.tokenStream.LA(1);
            if (_la === 16) {
                {
                this.state = 80;
                this.operands();
                }
            }

            this.state = 83;
            this.match(EspalierParser.T__10);
            this.state = 85;
            this.errorHandler.sync(this);
            _la = this.tokenStream.LA(1);
            if (_la === 2) {
                {
                this.state = 84;
                this.attributes();
                }
            }

            this.state = 87;
            this.match(EspalierParser.T__5);
            this.state = 88;
            this.tensorTypes();
            }
        }
        catch (re) {
            if (re instanceof antlr.RecognitionException) {
                this.errorHandler.reportError(this, re);
                this.errorHandler.recover(this, re);
            } else {
                throw re;
            }
        }
        finally {
            this.exitRule();
        }
        return localContext;
    }
    public output(): OutputContext {
        let localContext = new OutputContext(this.context, this.state);
        this.enterRule(localContext, 14, EspalierParser.RULE_output);
        let _la: number;
        try {
            this.enterOuterAlt(localContext, 1);
            {
            this.state = 90;
            this.match(EspalierParser.T__11);
            this.state = 91;
            this.match(EspalierParser.VALUE);
            this.state = 96;
            this.errorHandler.sync(this);
            _la = this.tokenStream.LA(1);
            while (_la === 13) {
                {
                {
                this.state = 92;
                this.match(EspalierParser.T__12);
                this.state = 93;
                this.match(EspalierParser.VALUE);
                }
                }
                this.state = 98;
                this.errorHandler.sync(this);
                _la = this.tokenStream.LA(1);
            }
            }
        }
        catch (re) {
            if (re instanceof antlr.RecognitionException) {
                this.errorHandler.reportError(this, re);
                this.errorHandler.recover(this, re);
            } else {
                throw re;
            }
        }
        finally {
            this.exitRule();
        }
        return localContext;
    }
    public results(): ResultsContext {
        let localContext = new ResultsContext(this.context, this.state);
        this.enterRule(localContext, 16, EspalierParser.RULE_results);
        let _la: number;
        try {
            this.enterOuterAlt(localContext, 1);
            {
            this.state = 99;
            this.match(EspalierParser.VALUE);
            this.state = 104;
            this.errorHandler.sync(this);
            _la = this.tokenStream.LA(1);
            while (_la === 13) {
                {
                {
                this.state = 100;
                this.match(EspalierParser.T__12);
                this.state = 101;
                this.match(EspalierParser.VALUE);
                }
                }
                this.state = 106;
                this.errorHandler.sync(this);
                _la = this.tokenStream.LA(1);
            }
            }
        }
        catch (re) {
            if (re instanceof antlr.RecognitionException) {
                this.errorHandler.reportError(this, re);
                this.errorHandler.recover(this, re);
            } else {
                throw re;
            }
        }
        finally {
            this.exitRule();
        }
        return localContext;
    }
    public operands(): OperandsContext {
        let localContext = new OperandsContext(this.context, this.state);
        this.enterRule(localContext, 18, EspalierParser.RULE_operands);
        let _la: number;
        try {
            this.enterOuterAlt(localContext, 1);
            {
            this.state = 107;
            this.match(EspalierParser.VALUE);
            this.state = 112;
            this.errorHandler.sync(this);
            _la = this.tokenStream.LA(1);
            while (_la === 13) {
                {
                {
                this.state = 108;
                this.match(EspalierParser.T__12);
                this.state = 109;
                this.match(EspalierParser.VALUE);
                }
                }
                this.state = 114;
                this.errorHandler.sync(this);
                _la = this.tokenStream.LA(1);
            }
            }
        }
        catch (re) {
            if (re instanceof antlr.RecognitionException) {
                this.errorHandler.reportError(this, re);
                this.errorHandler.recover(this, re);
            } else {
                throw re;
            }
        }
        finally {
            this.exitRule();
        }
        return localContext;
    }
    public attributes(): AttributesContext {
        let localContext = new AttributesContext(this.context, this.state);
        this.enterRule(localContext, 20, EspalierParser.RULE_attributes);
        let _la: number;
        try {
            this.enterOuterAlt(localContext, 1);
            {
            this.state = 115;
            this.match(EspalierParser.T__1);
            this.state = 124;
            this.errorHandler.sync(this);
            _la = this.tokenStream.LA(1);
            if ((((_la) & ~0x1F) === 0 && ((1 << _la) & 528562) !== 0)) {
                {
                this.state = 116;
                this.attribute();
                this.state = 121;
                this.errorHandler.sync(this);
                _la = this.tokenStream.LA(1);
                while (_la === 13) {
                    {
                    {
                    this.state = 117;
                    this.match(EspalierParser.T__12);
                    this.state = 118;
                    this.attribute();
                    }
                    }
                    this.state = 123;
                    this.errorHandler.sync(this);
                    _la = this.tokenStream.LA(1);
                }
                }
            }

            this.state = 126;
            this.match(EspalierParser.T__2);
            }
        }
        catch (re) {
            if (re instanceof antlr.RecognitionException) {
                this.errorHandler.reportError(this, re);
                this.errorHandler.recover(this, re);
            } else {
                throw re;
            }
        }
        finally {
            this.exitRule();
        }
        return localContext;
    }
    public attribute(): AttributeContext {
        let localContext = new AttributeContext(this.context, this.state);
        this.enterRule(localContext, 22, EspalierParser.RULE_attribute);
        try {
            this.enterOuterAlt(localContext, 1);
            {
            this.state = 128;
            this.name();
            this.state = 129;
            this.match(EspalierParser.T__8);
            this.state = 134;
            this.errorHandler.sync(this);
            switch (this.tokenStream.LA(1)) {
            case EspalierParser.NUMBER:
                {
                this.state = 130;
                this.match(EspalierParser.NUMBER);
                }
                break;
            case EspalierParser.STRING:
                {
                this.state = 131;
                this.match(EspalierParser.STRING);
                }
                break;
            case EspalierParser.T__0:
            case EspalierParser.T__3:
            case EspalierParser.T__4:
            case EspalierParser.T__6:
            case EspalierParser.T__11:
            case EspalierParser.NAME:
                {
                this.state = 132;
                this.name();
                }
                break;
            case EspalierParser.T__13:
                {
                this.state = 133;
                this.numbers();
                }
                break;
            default:
                throw new antlr.NoViableAltException(this);
            }
            }
        }
        catch (re) {
            if (re instanceof antlr.RecognitionException) {
                this.errorHandler.reportError(this, re);
                this.errorHandler.recover(this, re);
            } else {
                throw re;
            }
        }
        finally {
            this.exitRule();
        }
        return localContext;
    }
    public tensorTypes(): TensorTypesContext {
        let localContext = new TensorTypesContext(this.context, this.state);
        this.enterRule(localContext, 24, EspalierParser.RULE_tensorTypes);
        let _la: number;
        try {
            this.enterOuterAlt(localContext, 1);
            {
            this.state = 136;
            this.tensorType();
            this.state = 141;
            this.errorHandler.sync(this);
            _la = this.tokenStream.LA(1);
            while (_la === 13) {
                {
                {
                this.state = 137;
                this.match(EspalierParser.T__12);
                this.state = 138;
                this.tensorType();
                }
                }
                this.state = 143;
                this.errorHandler.sync(this);
                _la = this.tokenStream.LA(1);
            }
            }
        }
        catch (re) {
            if (re instanceof antlr.RecognitionException) {
                this.errorHandler.reportError(this, re);
                this.errorHandler.recover(this, re);
            } else {
                throw re;
            }
        }
        finally {
            this.exitRule();
        }
        return localContext;
    }
    public tensorType(): TensorTypeContext {
        let localContext = new TensorTypeContext(this.context, this.state);
        this.enterRule(localContext, 26, EspalierParser.RULE_tensorType);
        try {
            let alternative: number;
            this.enterOuterAlt(localContext, 1);
            {
            this.state = 144;
            this.name();
            this.state = 145;
            this.numbers();
            this.state = 149;
            this.errorHandler.sync(this);
            alternative = this.interpreter.adaptivePredict(this.tokenStream, 13, this.context);
            while (alternative !== 2 && alternative !== antlr.ATN.INVALID_ALT_NUMBER) {
                if (alternative === 1) {
                    {
                    {
                    this.state = 146;
                    this.parameter();
                    }
                    }
                }
                this.state = 151;
                this.errorHandler.sync(this);
                alternative = this.interpreter.adaptivePredict(this.tokenStream, 13, this.context);
            }
            }
        }
        catch (re) {
            if (re instanceof antlr.RecognitionException) {
                this.errorHandler.reportError(this, re);
                this.errorHandler.recover(this, re);
            } else {
                throw re;
            }
        }
        finally {
            this.exitRule();
        }
        return localContext;
    }
    public parameter(): ParameterContext {
        let localContext = new ParameterContext(this.context, this.state);
        this.enterRule(localContext, 28, EspalierParser.RULE_parameter);
        try {
            this.enterOuterAlt(localContext, 1);
            {
            this.state = 152;
            this.name();
            this.state = 153;
            this.match(EspalierParser.T__8);
            this.state = 156;
            this.errorHandler.sync(this);
            switch (this.tokenStream.LA(1)) {
            case EspalierParser.NUMBER:
                {
                this.state = 154;
                this.match(EspalierParser.NUMBER);
                }
                break;
            case EspalierParser.T__13:
                {
                this.state = 155;
                this.numbers();
                }
                break;
            default:
                throw new antlr.NoViableAltException(this);
            }
            }
        }
        catch (re) {
            if (re instanceof antlr.RecognitionException) {
                this.errorHandler.reportError(this, re);
                this.errorHandler.recover(this, re);
            } else {
                throw re;
            }
        }
        finally {
            this.exitRule();
        }
        return localContext;
    }
    public numbers(): NumbersContext {
        let localContext = new NumbersContext(this.context, this.state);
        this.enterRule(localContext, 30, EspalierParser.RULE_numbers);
        let _la: number;
        try {
            this.enterOuterAlt(localContext, 1);
            {
            this.state = 158;
            this.match(EspalierParser.T__13);
            this.state = 167;
            this.errorHandler.sync(this);
            _la = this.tokenStream.LA(1);
            if (_la === 18) {
                {
                this.state = 159;
                this.match(EspalierParser.NUMBER);
                this.state = 164;
                this.errorHandler.sync(this);
                _la = this.tokenStream.LA(1);
                while (_la === 13) {
                    {
                    {
                    this.state = 160;
                    this.match(EspalierParser.T__12);
                    this.state = 161;
                    this.match(EspalierParser.NUMBER);
                    }
                    }
                    this.state = 166;
                    this.errorHandler.sync(this);
                    _la = this.tokenStream.LA(1);
                }
                }
            }

            this.state = 169;
            this.match(EspalierParser.T__14);
            }
        }
        catch (re) {
            if (re instanceof antlr.RecognitionException) {
                this.errorHandler.reportError(this, re);
                this.errorHandler.recover(this, re);
            } else {
                throw re;
            }
        }
        finally {
            this.exitRule();
        }
        return localContext;
    }
    public name(): NameContext {
        let localContext = new NameContext(this.context, this.state);
        this.enterRule(localContext, 32, EspalierParser.RULE_name);
        let _la: number;
        try {
            this.enterOuterAlt(localContext, 1);
            {
            this.state = 171;
            _la = this.tokenStream.LA(1);
            if(!((((_la) & ~0x1F) === 0 && ((1 << _la) & 528562) !== 0))) {
            this.errorHandler.recoverInline(this);
            }
            else {
                this.errorHandler.reportMatch(this);
                this.consume();
            }
            }
        }
        catch (re) {
            if (re instanceof antlr.RecognitionException) {
                this.errorHandler.reportError(this, re);
                this.errorHandler.recover(this, re);
            } else {
                throw re;
            }
        }
        finally {
            this.exitRule();
        }
        return localContext;
    }

    public static readonly _serializedATN: number[] = [
        4,1,21,174,2,0,7,0,2,1,7,1,2,2,7,2,2,3,7,3,2,4,7,4,2,5,7,5,2,6,7,
        6,2,7,7,7,2,8,7,8,2,9,7,9,2,10,7,10,2,11,7,11,2,12,7,12,2,13,7,13,
        2,14,7,14,2,15,7,15,2,16,7,16,1,0,1,0,1,0,1,1,1,1,1,1,1,1,5,1,42,
        8,1,10,1,12,1,45,9,1,1,1,1,1,1,2,1,2,1,2,1,2,1,2,3,2,54,8,2,1,3,
        1,3,1,3,1,4,1,4,1,4,1,4,1,4,1,5,1,5,1,5,1,5,1,5,1,5,1,5,1,5,3,5,
        72,8,5,1,6,1,6,1,6,1,6,3,6,78,8,6,1,6,1,6,3,6,82,8,6,1,6,1,6,3,6,
        86,8,6,1,6,1,6,1,6,1,7,1,7,1,7,1,7,5,7,95,8,7,10,7,12,7,98,9,7,1,
        8,1,8,1,8,5,8,103,8,8,10,8,12,8,106,9,8,1,9,1,9,1,9,5,9,111,8,9,
        10,9,12,9,114,9,9,1,10,1,10,1,10,1,10,5,10,120,8,10,10,10,12,10,
        123,9,10,3,10,125,8,10,1,10,1,10,1,11,1,11,1,11,1,11,1,11,1,11,3,
        11,135,8,11,1,12,1,12,1,12,5,12,140,8,12,10,12,12,12,143,9,12,1,
        13,1,13,1,13,5,13,148,8,13,10,13,12,13,151,9,13,1,14,1,14,1,14,1,
        14,3,14,157,8,14,1,15,1,15,1,15,1,15,5,15,163,8,15,10,15,12,15,166,
        9,15,3,15,168,8,15,1,15,1,15,1,16,1,16,1,16,0,0,17,0,2,4,6,8,10,
        12,14,16,18,20,22,24,26,28,30,32,0,1,5,0,1,1,4,5,7,7,12,12,19,19,
        178,0,34,1,0,0,0,2,37,1,0,0,0,4,53,1,0,0,0,6,55,1,0,0,0,8,58,1,0,
        0,0,10,63,1,0,0,0,12,73,1,0,0,0,14,90,1,0,0,0,16,99,1,0,0,0,18,107,
        1,0,0,0,20,115,1,0,0,0,22,128,1,0,0,0,24,136,1,0,0,0,26,144,1,0,
        0,0,28,152,1,0,0,0,30,158,1,0,0,0,32,171,1,0,0,0,34,35,3,2,1,0,35,
        36,5,0,0,1,36,1,1,0,0,0,37,38,5,1,0,0,38,39,5,17,0,0,39,43,5,2,0,
        0,40,42,3,4,2,0,41,40,1,0,0,0,42,45,1,0,0,0,43,41,1,0,0,0,43,44,
        1,0,0,0,44,46,1,0,0,0,45,43,1,0,0,0,46,47,5,3,0,0,47,3,1,0,0,0,48,
        54,3,6,3,0,49,54,3,8,4,0,50,54,3,10,5,0,51,54,3,12,6,0,52,54,3,14,
        7,0,53,48,1,0,0,0,53,49,1,0,0,0,53,50,1,0,0,0,53,51,1,0,0,0,53,52,
        1,0,0,0,54,5,1,0,0,0,55,56,5,4,0,0,56,57,5,17,0,0,57,7,1,0,0,0,58,
        59,5,5,0,0,59,60,5,16,0,0,60,61,5,6,0,0,61,62,3,26,13,0,62,9,1,0,
        0,0,63,64,5,7,0,0,64,65,5,16,0,0,65,66,5,6,0,0,66,71,3,26,13,0,67,
        68,5,8,0,0,68,72,5,18,0,0,69,70,5,9,0,0,70,72,3,30,15,0,71,67,1,
        0,0,0,71,69,1,0,0,0,72,11,1,0,0,0,73,74,3,16,8,0,74,75,5,9,0,0,75,
        77,3,32,16,0,76,78,5,17,0,0,77,76,1,0,0,0,77,78,1,0,0,0,78,79,1,
        0,0,0,79,81,5,10,0,0,80,82,3,18,9,0,81,80,1,0,0,0,81,82,1,0,0,0,
        82,83,1,0,0,0,83,85,5,11,0,0,84,86,3,20,10,0,85,84,1,0,0,0,85,86,
        1,0,0,0,86,87,1,0,0,0,87,88,5,6,0,0,88,89,3,24,12,0,89,13,1,0,0,
        0,90,91,5,12,0,0,91,96,5,16,0,0,92,93,5,13,0,0,93,95,5,16,0,0,94,
        92,1,0,0,0,95,98,1,0,0,0,96,94,1,0,0,0,96,97,1,0,0,0,97,15,1,0,0,
        0,98,96,1,0,0,0,99,104,5,16,0,0,100,101,5,13,0,0,101,103,5,16,0,
        0,102,100,1,0,0,0,103,106,1,0,0,0,104,102,1,0,0,0,104,105,1,0,0,
        0,105,17,1,0,0,0,106,104,1,0,0,0,107,112,5,16,0,0,108,109,5,13,0,
        0,109,111,5,16,0,0,110,108,1,0,0,0,111,114,1,0,0,0,112,110,1,0,0,
        0,112,113,1,0,0,0,113,19,1,0,0,0,114,112,1,0,0,0,115,124,5,2,0,0,
        116,121,3,22,11,0,117,118,5,13,0,0,118,120,3,22,11,0,119,117,1,0,
        0,0,120,123,1,0,0,0,121,119,1,0,0,0,121,122,1,0,0,0,122,125,1,0,
        0,0,123,121,1,0,0,0,124,116,1,0,0,0,124,125,1,0,0,0,125,126,1,0,
        0,0,126,127,5,3,0,0,127,21,1,0,0,0,128,129,3,32,16,0,129,134,5,9,
        0,0,130,135,5,18,0,0,131,135,5,17,0,0,132,135,3,32,16,0,133,135,
        3,30,15,0,134,130,1,0,0,0,134,131,1,0,0,0,134,132,1,0,0,0,134,133,
        1,0,0,0,135,23,1,0,0,0,136,141,3,26,13,0,137,138,5,13,0,0,138,140,
        3,26,13,0,139,137,1,0,0,0,140,143,1,0,0,0,141,139,1,0,0,0,141,142,
        1,0,0,0,142,25,1,0,0,0,143,141,1,0,0,0,144,145,3,32,16,0,145,149,
        3,30,15,0,146,148,3,28,14,0,147,146,1,0,0,0,148,151,1,0,0,0,149,
        147,1,0,0,0,149,150,1,0,0,0,150,27,1,0,0,0,151,149,1,0,0,0,152,153,
        3,32,16,0,153,156,5,9,0,0,154,157,5,18,0,0,155,157,3,30,15,0,156,
        154,1,0,0,0,156,155,1,0,0,0,157,29,1,0,0,0,158,167,5,14,0,0,159,
        164,5,18,0,0,160,161,5,13,0,0,161,163,5,18,0,0,162,160,1,0,0,0,163,
        166,1,0,0,0,164,162,1,0,0,0,164,165,1,0,0,0,165,168,1,0,0,0,166,
        164,1,0,0,0,167,159,1,0,0,0,167,168,1,0,0,0,168,169,1,0,0,0,169,
        170,5,15,0,0,170,31,1,0,0,0,171,172,7,0,0,0,172,33,1,0,0,0,17,43,
        53,71,77,81,85,96,104,112,121,124,134,141,149,156,164,167
    ];

    private static __ATN: antlr.ATN;
    public static get _ATN(): antlr.ATN {
        if (!EspalierParser.__ATN) {
            EspalierParser.__ATN = new antlr.ATNDeserializer().deserialize(EspalierParser._serializedATN);
        }

        return EspalierParser.__ATN;
    }


    private static readonly vocabulary = new antlr.Vocabulary(EspalierParser.literalNames, EspalierParser.symbolicNames, []);

    public override get vocabulary(): antlr.Vocabulary {
        return EspalierParser.vocabulary;
    }

    private static readonly decisionsToDFA = EspalierParser._ATN.decisionToState.map( (ds: antlr.DecisionState, index: number) => new antlr.DFA(ds, index) );
}

export class FileContext extends antlr.ParserRuleContext {
    public constructor(parent: antlr.ParserRuleContext | null, invokingState: number) {
        super(parent, invokingState);
    }
    public graph(): GraphContext {
        return this.getRuleContext(0, GraphContext)!;
    }
    public EOF(): antlr.TerminalNode {
        return this.getToken(EspalierParser.EOF, 0)!;
    }
    public override get ruleIndex(): number {
        return EspalierParser.RULE_file;
    }
}


export class GraphContext extends antlr.ParserRuleContext {
    public constructor(parent: antlr.ParserRuleContext | null, invokingState: number) {
        super(parent, invokingState);
    }
    public STRING(): antlr.TerminalNode {
        return this.getToken(EspalierParser.STRING, 0)!;
    }
    public statement(): StatementContext[];
    public statement(i: number): StatementContext | null;
    public statement(i?: number): StatementContext[] | StatementContext | null {
        if (i === undefined) {
            return this.getRuleContexts(StatementContext);
        }

        return this.getRuleContext(i, StatementContext);
    }
    public override get ruleIndex(): number {
        return EspalierParser.RULE_graph;
    }
}


export class StatementContext extends antlr.ParserRuleContext {
    public constructor(parent: antlr.ParserRuleContext | null, invokingState: number) {
        super(parent, invokingState);
    }
    public weights(): WeightsContext | null {
        return this.getRuleContext(0, WeightsContext);
    }
    public input(): InputContext | null {
        return this.getRuleContext(0, InputContext);
    }
    public constant(): ConstantContext | null {
        return this.getRuleContext(0, ConstantContext);
    }
    public node(): NodeContext | null {
        return this.getRuleContext(0, NodeContext);
    }
    public output(): OutputContext | null {
        return this.getRuleContext(0, OutputContext);
    }
    public override get ruleIndex(): number {
        return EspalierParser.RULE_statement;
    }
}


export class WeightsContext extends antlr.ParserRuleContext {
    public constructor(parent: antlr.ParserRuleContext | null, invokingState: number) {
        super(parent, invokingState);
    }
    public STRING(): antlr.TerminalNode {
        return this.getToken(EspalierParser.STRING, 0)!;
    }
    public override get ruleIndex(): number {
        return EspalierParser.RULE_weights;
    }
}


export class InputContext extends antlr.ParserRuleContext {
    public constructor(parent: antlr.ParserRuleContext | null, invokingState: number) {
        super(parent, invokingState);
    }
    public VALUE(): antlr.TerminalNode {
        return this.getToken(EspalierParser.VALUE, 0)!;
    }
    public tensorType(): TensorTypeContext {
        return this.getRuleContext(0, TensorTypeContext)!;
    }
    public override get ruleIndex(): number {
        return EspalierParser.RULE_input;
    }
}


export class ConstantContext extends antlr.ParserRuleContext {
    public constructor(parent: antlr.ParserRuleContext | null, invokingState: number) {
        super(parent, invokingState);
    }
    public VALUE(): antlr.TerminalNode {
        return this.getToken(EspalierParser.VALUE, 0)!;
    }
    public tensorType(): TensorTypeContext {
        return this.getRuleContext(0, TensorTypeContext)!;
    }
    public NUMBER(): antlr.TerminalNode | null {
        return this.getToken(EspalierParser.NUMBER, 0);
    }
    public numbers(): NumbersContext | null {
        return this.getRuleContext(0, NumbersContext);
    }
    public override get ruleIndex(): number {
        return EspalierParser.RULE_constant;
    }
}


export class NodeContext extends antlr.ParserRuleContext {
    public constructor(parent: antlr.ParserRuleContext | null, invokingState: number) {
        super(parent, invokingState);
    }
    public results(): ResultsContext {
        return this.getRuleContext(0, ResultsContext)!;
    }
    public name(): NameContext {
        return this.getRuleContext(0, NameContext)!;
    }
    public tensorTypes(): TensorTypesContext {
        return this.getRuleContext(0, TensorTypesContext)!;
    }
    public STRING(): antlr.TerminalNode | null {
        return this.getToken(EspalierParser.STRING, 0);
    }
    public operands(): OperandsContext | null {
        return this.getRuleContext(0, OperandsContext);
    }
    public attributes(): AttributesContext | null {
        return this.getRuleContext(0, AttributesContext);
    }
    public override get ruleIndex(): number {
        return EspalierParser.RULE_node;
    }
}


export class OutputContext extends antlr.ParserRuleContext {
    public constructor(parent: antlr.ParserRuleContext | null, invokingState: number) {
        super(parent, invokingState);
    }
    public VALUE(): antlr.TerminalNode[];
    public VALUE(i: number): antlr.TerminalNode | null;
    public VALUE(i?: number): antlr.TerminalNode | null | antlr.TerminalNode[] {
    	if (i === undefined) {
    		return this.getTokens(EspalierParser.VALUE);
    	} else {
    		return this.getToken(EspalierParser.VALUE, i);
    	}
    }
    public override get ruleIndex(): number {
        return EspalierParser.RULE_output;
    }
}


export class ResultsContext extends antlr.ParserRuleContext {
    public constructor(parent: antlr.ParserRuleContext | null, invokingState: number) {
        super(parent, invokingState);
    }
    public VALUE(): antlr.TerminalNode[];
    public VALUE(i: number): antlr.TerminalNode | null;
    public VALUE(i?: number): antlr.TerminalNode | null | antlr.TerminalNode[] {
    	if (i === undefined) {
    		return this.getTokens(EspalierParser.VALUE);
    	} else {
    		return this.getToken(EspalierParser.VALUE, i);
    	}
    }
    public override get ruleIndex(): number {
        return EspalierParser.RULE_results;
    }
}


export class OperandsContext extends antlr.ParserRuleContext {
    public constructor(parent: antlr.ParserRuleContext | null, invokingState: number) {
        super(parent, invokingState);
    }
    public VALUE(): antlr.TerminalNode[];
    public VALUE(i: number): antlr.TerminalNode | null;
    public VALUE(i?: number): antlr.TerminalNode | null | antlr.TerminalNode[] {
    	if (i === undefined) {
    		return this.getTokens(EspalierParser.VALUE);
    	} else {
    		return this.getToken(EspalierParser.VALUE, i);
    	}
    }
    public override get ruleIndex(): number {
        return EspalierParser.RULE_operands;
    }
}


export class AttributesContext extends antlr.ParserRuleContext {
    public constructor(parent: antlr.ParserRuleContext | null, invokingState: number) {
        super(parent, invokingState);
    }
    public attribute(): AttributeContext[];
    public attribute(i: number): AttributeContext | null;
    public attribute(i?: number): AttributeContext[] | AttributeContext | null {
        if (i === undefined) {
            return this.getRuleContexts(AttributeContext);
        }

        return this.getRuleContext(i, AttributeContext);
    }
    public override get ruleIndex(): number {
        return EspalierParser.RULE_attributes;
    }
}


export class AttributeContext extends antlr.ParserRuleContext {
    public constructor(parent: antlr.ParserRuleContext | null, invokingState: number) {
        super(parent, invokingState);
    }
    public name(): NameContext[];
    public name(i: number): NameContext | null;
    public name(i?: number): NameContext[] | NameContext | null {
        if (i === undefined) {
            return this.getRuleContexts(NameContext);
        }

        return this.getRuleContext(i, NameContext);
    }
    public NUMBER(): antlr.TerminalNode | null {
        return this.getToken(EspalierParser.NUMBER, 0);
    }
    public STRING(): antlr.TerminalNode | null {
        return this.getToken(EspalierParser.STRING, 0);
    }
    public numbers(): NumbersContext | null {
        return this.getRuleContext(0, NumbersContext);
    }
    public override get ruleIndex(): number {
        return EspalierParser.RULE_attribute;
    }
}


export class TensorTypesContext extends antlr.ParserRuleContext {
    public constructor(parent: antlr.ParserRuleContext | null, invokingState: number) {
        super(parent, invokingState);
    }
    public tensorType(): TensorTypeContext[];
    public tensorType(i: number): TensorTypeContext | null;
    public tensorType(i?: number): TensorTypeContext[] | TensorTypeContext | null {
        if (i === undefined) {
            return this.getRuleContexts(TensorTypeContext);
        }

        return this.getRuleContext(i, TensorTypeContext);
    }
    public override get ruleIndex(): number {
        return EspalierParser.RULE_tensorTypes;
    }
}


export class TensorTypeContext extends antlr.ParserRuleContext {
    public constructor(parent: antlr.ParserRuleContext | null, invokingState: number) {
        super(parent, invokingState);
    }
    public name(): NameContext {
        return this.getRuleContext(0, NameContext)!;
    }
    public numbers(): NumbersContext {
        return this.getRuleContext(0, NumbersContext)!;
    }
    public parameter(): ParameterContext[];
    public parameter(i: number): ParameterContext | null;
    public parameter(i?: number): ParameterContext[] | ParameterContext | null {
        if (i === undefined) {
            return this.getRuleContexts(ParameterContext);
        }

        return this.getRuleContext(i, ParameterContext);
    }
    public override get ruleIndex(): number {
        return EspalierParser.RULE_tensorType;
    }
}


export class ParameterContext extends antlr.ParserRuleContext {
    public constructor(parent: antlr.ParserRuleContext | null, invokingState: number) {
        super(parent, invokingState);
    }
    public name(): NameContext {
        return this.getRuleContext(0, NameContext)!;
    }
    public NUMBER(): antlr.TerminalNode | null {
        return this.getToken(EspalierParser.NUMBER, 0);
    }
    public numbers(): NumbersContext | null {
        return this.getRuleContext(0, NumbersContext);
    }
    public override get ruleIndex(): number {
        return EspalierParser.RULE_parameter;
    }
}


export class NumbersContext extends antlr.ParserRuleContext {
    public constructor(parent: antlr.ParserRuleContext | null, invokingState: number) {
        super(parent, invokingState);
    }
    public NUMBER(): antlr.TerminalNode[];
    public NUMBER(i: number): antlr.TerminalNode | null;
    public NUMBER(i?: number): antlr.TerminalNode | null | antlr.TerminalNode[] {
    	if (i === undefined) {
    		return this.getTokens(EspalierParser.NUMBER);
    	} else {
    		return this.getToken(EspalierParser.NUMBER, i);
    	}
    }
    public override get ruleIndex(): number {
        return EspalierParser.RULE_numbers;
    }
}


export class NameContext extends antlr.ParserRuleContext {
    public constructor(parent: antlr.ParserRuleContext | null, invokingState: number) {
        super(parent, invokingState);
    }
    public NAME(): antlr.TerminalNode {
        return this.getToken(EspalierParser.NAME, 0)!;
    }
    public override get ruleIndex(): number {
        return EspalierParser.RULE_name;
    }
}
