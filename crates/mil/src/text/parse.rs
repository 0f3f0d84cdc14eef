use indexmap::IndexMap;

use super::lex::{Token, error_at, lex};
use crate::{
    MilError,
    program::{Binding, Block, Function, NamedValueType, Operation, Program, Value},
};

/// Deepest nesting of blocks, types and literals together.
const MAX_DEPTH: usize = 100;

/// Reads a program from text. Names and types are not yet checked against each other, see [`crate::validate`].
///
/// # Errors
/// [`MilError::Text`] with line and column.
pub fn parse(source: &str) -> Result<Program, MilError> {
    let mut parser = Parser { source, tokens: lex(source)?, next: 0, depth: 0 };
    let program = parser.program()?;
    match parser.peek() {
        Token::End => Ok(program),
        _ => Err(parser.unexpected("`func`")),
    }
}

/// Recursive descent over the tokens; the parts for types and literals are in `value.rs`.
pub(super) struct Parser<'a> {
    source: &'a str,
    tokens: Vec<(Token<'a>, usize)>,
    next: usize,
    depth: usize,
}

impl<'a> Parser<'a> {
    fn program(&mut self) -> Result<Program, MilError> {
        self.keyword("program")?;
        let mut program = Program { version: self.number()?, ..Program::default() };
        if self.word_if("doc") {
            program.doc_string = self.text()?;
        }
        program.attributes = self.attributes()?;
        while self.word_if("func") {
            let name = self.name()?;
            let function = self.function()?;
            self.insert(&mut program.functions, name, function)?;
        }
        Ok(program)
    }

    fn function(&mut self) -> Result<Function, MilError> {
        self.mark('(')?;
        let inputs = self.named_types(')')?;
        let opset = self.name()?;
        let mut function = Function { inputs, opset, attributes: self.attributes()?, ..Function::default() };
        if self.word_if("specializations") {
            self.mark('{')?;
            while !self.mark_if('}') {
                let opset = self.name()?;
                self.keyword("block")?;
                let block = self.block()?;
                self.insert(&mut function.block_specializations, opset, block)?;
            }
        } else {
            let block = self.body(Block::default())?;
            function.block_specializations.insert(function.opset.clone(), block);
        }
        Ok(function)
    }

    /// A block, after the word `block`.
    fn block(&mut self) -> Result<Block, MilError> {
        self.mark('(')?;
        let inputs = self.named_types(')')?;
        let attributes = self.attributes()?;
        self.body(Block { inputs, attributes, ..Block::default() })
    }

    fn body(&mut self, mut block: Block) -> Result<Block, MilError> {
        self.mark('{')?;
        while !self.word_if("return") {
            let operation = self.nested(Self::operation)?;
            block.operations.push(operation);
        }
        while !self.mark_if('}') {
            if !block.outputs.is_empty() {
                self.mark(',')?;
            }
            self.mark('%')?;
            block.outputs.push(self.name()?);
        }
        Ok(block)
    }

    fn operation(&mut self) -> Result<Operation, MilError> {
        let mut operation = Operation::default();
        if *self.peek() == Token::Mark('%') {
            operation.outputs = self.named_types('=')?;
        }
        let literal_follows = *self.peek() == Token::Word("const");
        operation.kind = self.name()?;
        self.mark('(')?;
        if literal_follows {
            let [output] = operation.outputs.as_slice() else {
                return Err(self.unexpected("one result before a `const`"));
            };
            let value = self.contents(output.ty.clone())?;
            operation.attributes.insert("val".to_owned(), value);
        } else {
            operation.inputs = self.arguments()?;
        }
        self.operation_attributes(&mut operation)?;
        while self.word_if("block") {
            operation.blocks.push(self.block()?);
        }
        Ok(operation)
    }

    fn arguments(&mut self) -> Result<IndexMap<String, Vec<Binding>>, MilError> {
        let mut arguments = IndexMap::new();
        while !self.mark_if(')') {
            if !arguments.is_empty() {
                self.mark(',')?;
            }
            let parameter = self.name()?;
            self.mark('=')?;
            let mut bindings = Vec::new();
            if self.mark_if('(') {
                while !self.mark_if(')') {
                    if !bindings.is_empty() {
                        self.mark(',')?;
                    }
                    bindings.push(self.binding()?);
                }
            } else {
                bindings.push(self.binding()?);
            }
            self.insert(&mut arguments, parameter, bindings)?;
        }
        Ok(arguments)
    }

    fn binding(&mut self) -> Result<Binding, MilError> {
        if self.mark_if('%') { Ok(Binding::Name(self.name()?)) } else { Ok(Binding::Value(self.value()?)) }
    }

    /// `%name: type` separated by commas, up to and including `end`.
    fn named_types(&mut self, end: char) -> Result<Vec<NamedValueType>, MilError> {
        let mut values = Vec::new();
        while !self.mark_if(end) {
            if !values.is_empty() {
                self.mark(',')?;
            }
            self.mark('%')?;
            let name = self.name()?;
            self.mark(':')?;
            values.push(NamedValueType { name, ty: self.value_type()? });
        }
        Ok(values)
    }

    /// Attributes of an operation. The name is implied by the first result, unless there is one, or said to be none.
    fn operation_attributes(&mut self, operation: &mut Operation) -> Result<(), MilError> {
        let mut implied = operation.outputs.first().map(|output| Value::string(output.name.as_str()));
        for (key, value) in self.attribute_list()? {
            if key == "name" {
                implied = None;
            }
            match value {
                Some(value) => self.insert(&mut operation.attributes, key, value)?,
                None if key == "name" => {}
                None => {
                    return Err(
                        self.error_before(self.next, "only the `name` of an operation can be `none`".to_owned())
                    );
                }
            }
        }
        if let Some(name) = implied {
            operation.attributes.insert("name".to_owned(), name);
        }
        Ok(())
    }

    pub(super) fn attributes(&mut self) -> Result<IndexMap<String, Value>, MilError> {
        let mut attributes = IndexMap::new();
        for (key, value) in self.attribute_list()? {
            match value {
                Some(value) => self.insert(&mut attributes, key, value)?,
                None => {
                    return Err(
                        self.error_before(self.next, "only the `name` of an operation can be `none`".to_owned())
                    );
                }
            }
        }
        Ok(attributes)
    }

    /// Attributes in brackets, if there are any; `none` stands for no value.
    fn attribute_list(&mut self) -> Result<Vec<(String, Option<Value>)>, MilError> {
        let mut attributes = Vec::new();
        if !self.mark_if('[') {
            return Ok(attributes);
        }
        while !self.mark_if(']') {
            if !attributes.is_empty() {
                self.mark(',')?;
            }
            let key = self.name()?;
            self.mark('=')?;
            let value = if self.word_if("none") { None } else { Some(self.value()?) };
            attributes.push((key, value));
        }
        Ok(attributes)
    }

    fn insert<V>(&self, map: &mut IndexMap<String, V>, key: String, value: V) -> Result<(), MilError> {
        if map.contains_key(&key) {
            return Err(self.error_before(self.next, format!("`{key}` occurs twice")));
        }
        map.insert(key, value);
        Ok(())
    }

    /// Runs a part of the grammar that may contain itself.
    pub(super) fn nested<T>(&mut self, part: impl FnOnce(&mut Self) -> Result<T, MilError>) -> Result<T, MilError> {
        self.depth += 1;
        if self.depth > MAX_DEPTH {
            return Err(self.error_before(self.next, format!("nested deeper than {MAX_DEPTH}")));
        }
        let result = part(self);
        self.depth -= 1;
        result
    }

    pub(super) fn peek(&self) -> &Token<'a> {
        // The last token is the end, and never taken.
        &self.tokens[self.next].0
    }

    pub(super) fn position(&self) -> usize {
        self.next
    }

    pub(super) fn mark_if(&mut self, mark: char) -> bool {
        self.take_if(|token| *token == Token::Mark(mark))
    }

    pub(super) fn word_if(&mut self, word: &str) -> bool {
        self.take_if(|token| *token == Token::Word(word))
    }

    fn take_if(&mut self, wanted: impl FnOnce(&Token<'a>) -> bool) -> bool {
        let take = wanted(self.peek());
        self.next += usize::from(take);
        take
    }

    pub(super) fn mark(&mut self, mark: char) -> Result<(), MilError> {
        if self.mark_if(mark) { Ok(()) } else { Err(self.unexpected(&format!("`{mark}`"))) }
    }

    fn keyword(&mut self, word: &str) -> Result<(), MilError> {
        if self.word_if(word) { Ok(()) } else { Err(self.unexpected(&format!("`{word}`"))) }
    }

    /// A name, quoted or not.
    fn name(&mut self) -> Result<String, MilError> {
        match self.peek() {
            Token::Text(_) => self.text(),
            _ => self.word().map(str::to_owned),
        }
    }

    pub(super) fn text(&mut self) -> Result<String, MilError> {
        let Token::Text(text) = self.peek() else { return Err(self.unexpected("a quoted string")) };
        let text = text.clone();
        self.next += 1;
        Ok(text)
    }

    pub(super) fn word(&mut self) -> Result<&'a str, MilError> {
        let &Token::Word(word) = self.peek() else { return Err(self.unexpected("a name or a number")) };
        self.next += 1;
        Ok(word)
    }

    pub(super) fn number<T: std::str::FromStr>(&mut self) -> Result<T, MilError> {
        let at = self.next;
        let word = self.word()?;
        word.parse().map_err(|_| self.error_before(at, format!("expected an integer in range, found `{word}`")))
    }

    pub(super) fn unexpected(&self, expected: &str) -> MilError {
        self.error_before(self.next, format!("expected {expected}, found {}", self.peek()))
    }

    /// An error at token number `index`.
    pub(super) fn error_before(&self, index: usize, reason: String) -> MilError {
        let at = self.tokens.get(index).map_or(self.source.len(), |token| token.1);
        error_at(self.source, at, reason)
    }
}
