//! The order of messages that follow each other.

use std::{
    cmp::Reverse,
    collections::{BinaryHeap, HashMap, hash_map::Entry},
};

use uuid::Uuid;

use crate::Message;

/// The messages, each after the one that it follows, otherwise the oldest first; or the index of one that cannot be a
/// part of such a tree, and why.
pub fn in_order(messages: &[Message]) -> Result<Vec<&Message>, (usize, String)> {
    let mut places = HashMap::with_capacity(messages.len());
    for (index, message) in messages.iter().enumerate() {
        match places.entry(message.id) {
            Entry::Vacant(place) => place.insert(index),
            Entry::Occupied(_) => return Err((index, format!("there is another message {}", message.id))),
        };
    }
    let mut followers: HashMap<Option<Uuid>, Vec<usize>> = HashMap::new();
    for (index, message) in messages.iter().enumerate() {
        if let Some(parent) = message.parent.filter(|parent| !places.contains_key(parent)) {
            return Err((index, format!("it follows message {parent}, which is not in the conversation")));
        }
        followers.entry(message.parent).or_default().push(index);
    }
    let age = |&index: &usize| Reverse((messages[index].created, messages[index].id, index));
    let mut next: BinaryHeap<_> = followers.get(&None).into_iter().flatten().map(age).collect();
    let mut order = Vec::with_capacity(messages.len());
    while let Some(Reverse((_, id, index))) = next.pop() {
        order.push(&messages[index]);
        next.extend(followers.remove(&Some(id)).iter().flatten().map(age));
    }
    // Whatever is in a circle, or follows one, was never next.
    match followers.keys().flatten().filter_map(|parent| places.get(parent)).min() {
        Some(&index) => Err((index, "it follows itself, by way of others".to_owned())),
        None => Ok(order),
    }
}
