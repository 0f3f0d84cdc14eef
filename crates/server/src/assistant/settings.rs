//! What a person can choose.

use std::sync::Arc;

use axum::{Json, extract::State};
use serde::{Deserialize, Serialize};
use serde_json::json;
use utoipa::ToSchema;

use super::Assistant;
use crate::{
    engine::ChatOptions,
    http::{Body, Failure},
};

/// What the model is told first where neither the conversation nor the settings say something else.
const SYSTEM_PROMPT: &str = "You are a knowledgeable, friendly and polite assistant. You answer honestly and to the point, \
                             and when you do not know something, you say so.";
/// How long conversations are kept.
const RETENTION_DAYS: u32 = 30;
/// A hundred years.
const MOST_DAYS: u32 = 36_500;

/// What a person can choose; of sampling, `None` is as the model's makers recommend.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Settings {
    /// What the model is told first in conversations that do not say.
    pub system_prompt: String,
    temperature: Option<f32>,
    top_k: Option<usize>,
    top_p: Option<f32>,
    max_tokens: Option<usize>,
    /// Conversations that nobody touched for so long are removed; `None` keeps them.
    pub retention_days: Option<u32>,
    voice: Option<String>,
    /// Of the voice; 1 is its own.
    speed: f32,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            system_prompt: SYSTEM_PROMPT.to_owned(),
            temperature: None,
            top_k: None,
            top_p: None,
            max_tokens: None,
            retention_days: Some(RETENTION_DAYS),
            voice: None,
            speed: 1.0,
        }
    }
}

impl Settings {
    /// How answers are made, in conversations that are kept.
    pub fn chat_options(&self) -> ChatOptions {
        let &Self { temperature, top_k, top_p, max_tokens, .. } = self;
        ChatOptions { temperature, top_k, top_p, max_tokens, keep_state: true }
    }

    fn check(&self) -> Result<(), Failure> {
        self.chat_options().check()?;
        let refuse = |name: &str, expected: &str| Err(Failure::invalid(name, format!("{name} has to be {expected}")));
        match self {
            Self { retention_days: Some(days), .. } if !(1..=MOST_DAYS).contains(days) => {
                refuse("retention_days", "1 to 36500")
            }
            Self { speed, .. } if !(0.25..=4.0).contains(speed) => refuse("speed", "0.25 to 4"),
            _ => Ok(()),
        }
    }
}

impl Assistant {
    /// The settings in force.
    ///
    /// # Errors
    /// The history fails, or holds settings of a newer version.
    pub async fn settings(&self) -> Result<Settings, Failure> {
        let Some(saved) = self.history.settings().await? else { return Ok(Settings::default()) };
        serde_json::from_value(saved).map_err(|error| {
            let message = format!("the settings that are kept cannot be read ({error}); save them anew");
            Failure::new(axum::http::StatusCode::INTERNAL_SERVER_ERROR, message)
        })
    }
}

/// What a person has chosen.
#[utoipa::path(get, path = "/api/settings", tag = "Assistant", operation_id = "settings",
    responses((status = 200, description = "The settings", body = Settings), Failure))]
pub async fn read(State(assistant): State<Arc<Assistant>>) -> Result<Json<Settings>, Failure> {
    Ok(Json(assistant.settings().await?))
}

/// Replaces what a person has chosen.
#[utoipa::path(put, path = "/api/settings", tag = "Assistant", operation_id = "save_settings",
    request_body = Settings,
    responses((status = 200, description = "The settings", body = Settings), Failure))]
pub async fn replace(
    State(assistant): State<Arc<Assistant>>,
    Body(settings): Body<Settings>,
) -> Result<Json<Settings>, Failure> {
    settings.check()?;
    assistant.history.save_settings(&json!(settings)).await?;
    Ok(Json(settings))
}
