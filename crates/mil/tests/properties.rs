//! Any program survives protobuf and text. Programs here are made of consistent parts, not of sensible ones.

use indexmap::IndexMap;
use proptest::{collection::vec, option, prelude::*};
use sottovoce_mil::{
    Model,
    description::ModelDescription,
    program::{
        Binding, Block, Dimension, ElementType, Function, NamedValueType, Operation, Program, TensorType, Value,
        ValueData, ValueType,
    },
    text,
};
use sottovoce_tensor::{Bytes, DType, Tensor, pack_bits};

/// Words, keywords and numbers of the text form, and anything else.
fn name() -> impl Strategy<Value = String> {
    prop_oneof![
        "[a-z_0-9.]{1,8}",
        any::<String>(),
        prop::sample::select(vec![
            "return", "block", "none", "doc", "const", "true", "list", "func", "-1", "name", "val"
        ])
        .prop_map(str::to_owned),
    ]
}

fn map<V: std::fmt::Debug>(value: impl Strategy<Value = V>) -> impl Strategy<Value = IndexMap<String, V>> {
    vec((name(), value), 0..3).prop_map(IndexMap::from_iter)
}

fn tensor() -> impl Strategy<Value = Tensor> {
    (prop::sample::select(DType::ALL.to_vec()), vec(0usize..4, 0..3)).prop_flat_map(|(dtype, shape)| {
        let count: usize = shape.iter().product();
        vec(any::<u8>(), count * dtype.bits().div_ceil(8)).prop_map(move |mut bytes| {
            if dtype.is_sub_byte() {
                bytes = pack_bits(&bytes, dtype.bits());
            } else if dtype == DType::Bool {
                bytes.iter_mut().for_each(|byte| *byte &= 1);
            }
            Tensor::new(dtype, shape.clone(), Bytes::copy_from(&bytes)).unwrap()
        })
    })
}

fn tensor_type() -> impl Strategy<Value = TensorType> {
    let element = prop_oneof![
        prop::sample::select(DType::ALL.to_vec()).prop_map(ElementType::Data),
        Just(ElementType::String),
        (40i32..42).prop_map(ElementType::Other),
    ];
    let dimension = prop_oneof![
        any::<u64>().prop_map(Dimension::Fixed),
        any::<bool>().prop_map(|variadic| Dimension::Unknown { variadic }),
    ];
    let attributes = map(tensor().prop_map(Value::tensor));
    (element, option::weighted(0.9, vec(dimension, 0..4)), attributes).prop_map(|(element, dimensions, attributes)| {
        let rank = dimensions.as_ref().map_or(-1, |dimensions| dimensions.len() as i64);
        TensorType { element, rank, dimensions: dimensions.unwrap_or_default(), attributes }
    })
}

fn value_type() -> impl Strategy<Value = ValueType> {
    tensor_type().prop_map(ValueType::Tensor).prop_recursive(3, 8, 2, |inner| {
        prop_oneof![
            (inner.clone(), any::<u64>()).prop_map(|(element, length)| ValueType::List {
                element: Box::new(element),
                length: Dimension::Fixed(length),
            }),
            vec(inner.clone(), 0..3).prop_map(ValueType::Tuple),
            (inner.clone(), inner.clone())
                .prop_map(|(key, value)| ValueType::Dictionary { key: Box::new(key), value: Box::new(value) }),
            inner.prop_map(|inner| ValueType::State(Box::new(inner))),
        ]
    })
}

fn value() -> impl Strategy<Value = Value> {
    let strings = vec(any::<String>(), 0..3).prop_map(|strings| {
        let mut value = Value::string("");
        let ty = TensorType { element: ElementType::String, ..TensorType::fixed(DType::Bool, &[strings.len()]) };
        value.ty = ValueType::Tensor(ty);
        value.data = ValueData::Strings(strings);
        value
    });
    let blob = (tensor_type(), name(), any::<u64>(), any::<bool>()).prop_map(|(ty, name, offset, usual)| Value {
        doc_string: String::new(),
        ty: ValueType::Tensor(ty),
        data: ValueData::Blob { file: if usual { "@model_path/weights/weight.bin".to_owned() } else { name }, offset },
    });
    let leaf = prop_oneof![
        tensor().prop_map(Value::tensor),
        any::<String>().prop_map(Value::string),
        strings,
        blob,
        (tensor(), name()).prop_map(|(tensor, doc_string)| Value { doc_string, ..Value::tensor(tensor) }),
    ];
    let collection = |ty: ValueType, data: ValueData| Value { doc_string: String::new(), ty, data };
    leaf.prop_recursive(2, 6, 2, move |inner| {
        let list = (value_type(), vec(inner.clone(), 0..3)).prop_map(move |(element, members)| {
            let length = Dimension::Fixed(members.len() as u64);
            collection(ValueType::List { element: Box::new(element), length }, ValueData::List(members))
        });
        let tuple = vec(inner.clone(), 0..3).prop_map(move |members| {
            collection(ValueType::Tuple(members.iter().map(|m| m.ty.clone()).collect()), ValueData::Tuple(members))
        });
        let pairs = vec((inner.clone(), inner), 0..3);
        let dictionary = (value_type(), value_type(), pairs).prop_map(move |(key, value, pairs)| {
            let ty = ValueType::Dictionary { key: Box::new(key), value: Box::new(value) };
            collection(ty, ValueData::Dictionary(pairs))
        });
        prop_oneof![list, tuple, dictionary]
    })
}

fn named() -> impl Strategy<Value = NamedValueType> {
    (name(), value_type()).prop_map(|(name, ty)| NamedValueType { name, ty })
}

/// A `const`, or any operation; some have the attribute `name` that the text leaves out.
fn operation(blocks: impl Strategy<Value = Vec<Block>>) -> impl Strategy<Value = Operation> {
    let binding = prop_oneof![name().prop_map(Binding::Name), value().prop_map(Binding::Value)];
    let parts = (name(), map(vec(binding, 0..3)), vec(named(), 0..3), blocks, map(value()));
    let other = parts.prop_map(|(kind, inputs, outputs, blocks, attributes)| Operation {
        kind,
        inputs,
        outputs,
        blocks,
        attributes,
    });
    let constant = (name(), value()).prop_map(|(name, value)| Operation {
        kind: "const".to_owned(),
        outputs: vec![NamedValueType { name, ty: value.ty.clone() }],
        attributes: IndexMap::from([("val".to_owned(), value)]),
        ..Operation::default()
    });
    (prop_oneof![other, constant], any::<bool>()).prop_map(|(mut operation, named)| {
        if let (true, Some(output)) = (named, operation.outputs.first()) {
            operation.attributes.insert("name".to_owned(), Value::string(output.name.as_str()));
        }
        operation
    })
}

fn block() -> impl Strategy<Value = Block> {
    let leaf = |operations| {
        (vec(named(), 0..2), vec(name(), 0..3), operations, map(value()))
            .prop_map(|(inputs, outputs, operations, attributes)| Block { inputs, outputs, operations, attributes })
    };
    let plain = leaf(vec(operation(Just(Vec::new())), 0..3).boxed());
    plain.prop_recursive(2, 4, 2, move |inner| leaf(vec(operation(vec(inner, 0..2)), 0..2).boxed()))
}

fn function() -> impl Strategy<Value = Function> {
    (vec(named(), 0..3), name(), block(), map(block()), map(value()), any::<bool>()).prop_map(
        |(inputs, opset, mut body, others, attributes, plain)| {
            let mut block_specializations = others;
            if plain {
                block_specializations.clear();
                body.inputs.clear();
                body.attributes.clear();
            }
            block_specializations.insert(opset.clone(), body);
            Function { inputs, opset, block_specializations, attributes }
        },
    )
}

fn program() -> impl Strategy<Value = Program> {
    (any::<i64>(), map(function()), any::<String>(), map(value()))
        .prop_map(|(version, functions, doc_string, attributes)| Program { version, functions, doc_string, attributes })
}

proptest! {
    // A failing case is printed in full, so no file of seeds is kept beside the test.
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn programs_survive_text(program in program()) {
        let printed = text::print(&program);
        let parsed = text::parse(&printed).map_err(|error| TestCaseError::fail(format!("{error}\n{printed}")))?;
        prop_assert_eq!(&text::print(&parsed), &printed);
        prop_assert_eq!(parsed, program);
    }

    #[test]
    fn programs_survive_protobuf(program in program()) {
        let description = ModelDescription::default();
        let encoded = Model::encode(9, &description, &program).unwrap();
        let model = Model::decode(&encoded).unwrap();
        prop_assert_eq!(model.not_kept, None);
        prop_assert_eq!(Model::encode(9, &description, &model.program).unwrap(), encoded);
        prop_assert_eq!(model.program, program);
    }

    #[test]
    fn any_bytes_are_a_model_or_an_error(data in vec(any::<u8>(), 0..300)) {
        let _ = Model::decode(&data);
    }

    #[test]
    fn any_text_is_a_program_or_an_error(text in "(program 1 )?(func f\\(\\) CoreML8 \\{)?[ -~\\n]{0,100}") {
        let _ = text::parse(&text);
    }
}
