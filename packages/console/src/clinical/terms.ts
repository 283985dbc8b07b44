// Plain words in both languages for codes that are common in clinics; a code that is not here keeps its recorded display.
// Codes: SNOMED CT (s), LOINC (l), RxNorm (r), HL7 v3 ActCode (a), CVX (c). The texts are ours.

/** A term in both languages. */
export interface Term {
  readonly en: string
  readonly zh: string
}

const systems: Readonly<Record<string, string>> = {
  'http://snomed.info/sct': 's',
  'http://loinc.org': 'l',
  'http://www.nlm.nih.gov/research/umls/rxnorm': 'r',
  'http://terminology.hl7.org/CodeSystem/v3-ActCode': 'a',
  'http://hl7.org/fhir/sid/cvx': 'c',
}

// One row a term: system code | English | Chinese.
const rows = `
s 38341003|Hypertension|高血压
s 59621000|Essential hypertension|原发性高血压
s 44054006|Type 2 diabetes mellitus|2型糖尿病
s 15777000|Prediabetes|糖尿病前期
s 55822004|Hyperlipidaemia|高脂血症
s 302870006|Hypertriglyceridaemia|高甘油三酯血症
s 237602007|Metabolic syndrome|代谢综合征
s 162864005|Obesity (BMI 30 or more)|肥胖（BMI ≥ 30）
s 195967001|Asthma|哮喘
s 233678006|Childhood asthma|儿童哮喘
s 49436004|Atrial fibrillation|心房颤动
s 53741008|Coronary artery disease|冠状动脉疾病
s 414545008|Ischaemic heart disease|缺血性心脏病
s 88805009|Chronic congestive heart failure|慢性充血性心力衰竭
s 709044004|Chronic kidney disease|慢性肾脏病
s 431855005|Chronic kidney disease stage 1|慢性肾脏病1期
s 431856006|Chronic kidney disease stage 2|慢性肾脏病2期
s 433144002|Chronic kidney disease stage 3|慢性肾脏病3期
s 431857002|Chronic kidney disease stage 4|慢性肾脏病4期
s 46177005|End-stage renal disease|终末期肾病
s 271737000|Anaemia|贫血
s 13645005|Chronic obstructive pulmonary disease|慢性阻塞性肺疾病
s 254837009|Malignant tumour of breast|乳腺恶性肿瘤
s 254637007|Non-small cell lung cancer|非小细胞肺癌
s 444814009|Viral sinusitis|病毒性鼻窦炎
s 195662009|Acute viral pharyngitis|急性病毒性咽炎
s 10509002|Acute bronchitis|急性支气管炎
s 43878008|Streptococcal sore throat|链球菌性咽炎
s 65363002|Otitis media|中耳炎
s 72892002|Normal pregnancy|正常妊娠
s 64859006|Osteoporosis|骨质疏松
s 239873007|Osteoarthritis of knee|膝骨关节炎
s 370143000|Major depressive disorder|重度抑郁障碍
s 66383009|Gingivitis|牙龈炎
s 18718003|Gingival disease|牙龈疾病
s 314529007|Medication review due|待用药审查
s 73595000|Stress|压力
s 160903007|Full-time employment|全职工作
s 160904001|Part-time employment|兼职工作
s 73438004|Unemployed|失业
s 224299000|Received higher education|受过高等教育
s 473461003|Educated to high school level|高中学历
s 423315002|Limited social contact|社会交往有限
s 422650009|Social isolation|社会隔离
s 706893006|Victim of intimate partner abuse|亲密伴侣暴力受害者
s 741062008|Not in labour force|非劳动力人口
s 185349003|Check-up|常规检查
s 162673000|General examination|全面体检
s 185345009|Encounter for symptom|因症状就诊
s 185347001|Encounter for problem|因健康问题就诊
s 390906007|Follow-up|复诊
s 50849002|Emergency room admission|急诊入院
s 410620009|Well child visit|儿童保健就诊
s 424441002|Prenatal initial visit|产前初诊
s 424619006|Prenatal visit|产前检查
s 308335008|Patient encounter|就诊
s 439740005|Postoperative follow-up|术后随访
s 702927004|Urgent care visit|紧急就诊
s 449411000124106|Admission to skilled nursing facility|入住护理院
s 91936005|Penicillin|青霉素
s 91935009|Peanut|花生
s 300913006|Shellfish|贝类
s 232350006|House dust mite|屋尘螨
s 419474003|Mould|霉菌
s 418689008|Grass pollen|草花粉
s 232347008|Animal dander|动物皮屑
s 714035009|Latex|乳胶
s 425525006|Dairy products|乳制品
s 417532002|Fish|鱼类
s 387207008|Ibuprofen|布洛芬
s 387458008|Aspirin|阿司匹林
s 716186003|No known allergy|无已知过敏
s 409137002|No known drug allergy|无已知药物过敏
s 266919005|Never smoked|从不吸烟
s 8517006|Former smoker|既往吸烟
s 449868002|Smokes daily|每日吸烟
l 8867-4|Heart rate|心率
l 8310-5|Body temperature|体温
l 9279-1|Respiratory rate|呼吸频率
l 29463-7|Body weight|体重
l 8302-2|Body height|身高
l 39156-5|Body mass index|体重指数
l 85354-9|Blood pressure|血压
l 55284-4|Blood pressure|血压
l 8480-6|Systolic|收缩压
l 8462-4|Diastolic|舒张压
l 2708-6|Oxygen saturation|血氧饱和度
l 59408-5|Oxygen saturation|血氧饱和度
l 72514-3|Pain severity (0–10)|疼痛评分（0–10）
l 2345-7|Glucose (serum or plasma)|血糖（血清/血浆）
l 2339-0|Glucose (blood)|血糖（全血）
l 4548-4|HbA1c|糖化血红蛋白
l 2160-0|Creatinine (serum or plasma)|肌酐（血清/血浆）
l 38483-4|Creatinine (blood)|肌酐（全血）
l 33914-3|Estimated GFR|估算肾小球滤过率
l 98979-8|Estimated GFR|估算肾小球滤过率
l 718-7|Haemoglobin|血红蛋白
l 2093-3|Total cholesterol|总胆固醇
l 2571-8|Triglycerides|甘油三酯
l 18262-6|LDL cholesterol|低密度脂蛋白胆固醇
l 2085-9|HDL cholesterol|高密度脂蛋白胆固醇
l 3094-0|Urea nitrogen|尿素氮
l 6299-2|Urea nitrogen (blood)|尿素氮（全血）
l 2951-2|Sodium|钠
l 2947-0|Sodium (blood)|钠（全血）
l 2823-3|Potassium|钾
l 6298-4|Potassium (blood)|钾（全血）
l 2075-0|Chloride|氯
l 2069-3|Chloride (blood)|氯（全血）
l 2028-9|Carbon dioxide|二氧化碳
l 20565-8|Carbon dioxide (blood)|二氧化碳（全血）
l 17861-6|Calcium|钙
l 49765-1|Calcium (blood)|钙（全血）
l 1742-6|ALT|丙氨酸氨基转移酶
l 1920-8|AST|天冬氨酸氨基转移酶
l 6768-6|Alkaline phosphatase|碱性磷酸酶
l 1975-2|Total bilirubin|总胆红素
l 1751-7|Albumin|白蛋白
l 2885-2|Total protein|总蛋白
l 6690-2|White blood cells|白细胞计数
l 789-8|Red blood cells|红细胞计数
l 777-3|Platelets|血小板计数
l 4544-3|Haematocrit|红细胞压积
l 787-2|Mean corpuscular volume|平均红细胞体积
l 785-6|Mean corpuscular haemoglobin|平均红细胞血红蛋白量
l 786-4|MCHC|平均红细胞血红蛋白浓度
l 14959-1|Urine albumin/creatinine|尿白蛋白/肌酐
l 72166-2|Smoking status|吸烟状况
l 6301-6|INR|国际标准化比值
l 2857-1|PSA|前列腺特异性抗原
r 314076|Lisinopril 10 mg tablet|赖诺普利片 10 mg
r 197361|Amlodipine 5 mg tablet|氨氯地平片 5 mg
r 308136|Amlodipine 2.5 mg tablet|氨氯地平片 2.5 mg
r 860975|Metformin 500 mg prolonged-release tablet|二甲双胍缓释片 500 mg
r 617311|Atorvastatin 40 mg tablet|阿托伐他汀片 40 mg
r 314231|Simvastatin 10 mg tablet|辛伐他汀片 10 mg
r 312961|Simvastatin 20 mg tablet|辛伐他汀片 20 mg
r 855332|Warfarin 5 mg tablet|华法林片 5 mg
r 310798|Hydrochlorothiazide 25 mg tablet|氢氯噻嗪片 25 mg
r 866412|Metoprolol succinate 100 mg prolonged-release tablet|琥珀酸美托洛尔缓释片 100 mg
r 197604|Digoxin 0.125 mg tablet|地高辛片 0.125 mg
r 309362|Clopidogrel 75 mg tablet|氯吡格雷片 75 mg
r 243670|Aspirin 81 mg tablet|阿司匹林片 81 mg
r 313782|Paracetamol 325 mg tablet|对乙酰氨基酚片 325 mg
r 310965|Ibuprofen 200 mg tablet|布洛芬片 200 mg
r 308182|Amoxicillin 250 mg capsule|阿莫西林胶囊 250 mg
s 40055000|Chronic sinusitis|慢性鼻窦炎
s 36971009|Sinusitis|鼻窦炎
s 75498004|Acute bacterial sinusitis|急性细菌性鼻窦炎
s 44465007|Sprain of ankle|踝关节扭伤
s 70704007|Sprain of wrist|腕关节扭伤
s 65966004|Fracture of forearm|前臂骨折
s 62106007|Concussion without loss of consciousness|脑震荡（无意识丧失）
s 26929004|Alzheimer’s disease|阿尔茨海默病
s 128613002|Seizure disorder|癫痫发作
s 68496003|Polyp of colon|结肠息肉
s 410429000|Cardiac arrest|心脏骤停
s 429007001|History of cardiac arrest|心脏骤停史
s 74400008|Appendicitis|阑尾炎
s 55680006|Drug overdose|药物过量
s 698314001|Consultation for treatment|治疗咨询
s 394701000|Asthma follow-up|哮喘复诊
s 371883000|Outpatient procedure|门诊操作
s 316744009|Office visit|门诊就诊
s 183478001|Emergency admission for asthma|哮喘急诊入院
s 183452005|Inpatient stay|住院
s 308646001|Death certification|死亡证明
s 419263009|Tree pollen|树木花粉
s 91934008|Nuts|坚果
s 428191000124101|Medication list documented|记录当前用药
s 73761001|Colonoscopy|结肠镜检查
s 180325003|Electrical cardioversion|电复律
s 117015009|Throat culture|咽拭子培养
s 23426006|Lung function test|肺功能测定
s 430193006|Medication reconciliation|用药核对
s 76601001|Intramuscular injection|肌内注射
s 274474001|Bone immobilisation|骨折固定
s 288086009|Suture of open wound|开放伤口缝合
s 171207006|Depression screening|抑郁筛查
s 252160004|Pregnancy test|妊娠试验
l 8331-1|Oral temperature|口腔温度
l 32207-3|Platelet distribution width|血小板分布宽度
l 32623-1|Mean platelet volume|平均血小板体积
l 21000-5|Red cell distribution width|红细胞分布宽度
l 10834-0|Globulin|球蛋白
l 20570-8|Haematocrit|红细胞压积
l 72106-8|MMSE score|简易精神状态评分
l 69453-9|Cause of death|死因
r 562251|Amoxicillin 250 mg / clavulanate 125 mg tablet|阿莫西林克拉维酸钾片 250/125 mg
r 849574|Naproxen sodium 220 mg tablet|萘普生钠片 220 mg
r 316049|Hydrochlorothiazide 25 mg|氢氯噻嗪 25 mg
r 316672|Simvastatin 10 mg|辛伐他汀 10 mg
r 198405|Ibuprofen 100 mg tablet|布洛芬片 100 mg
r 282464|Paracetamol 160 mg tablet|对乙酰氨基酚片 160 mg
r 834061|Penicillin V potassium 250 mg tablet|青霉素V钾片 250 mg
r 834102|Penicillin V potassium 500 mg tablet|青霉素V钾片 500 mg
r 705129|Nitroglycerin 0.4 mg mucosal spray|硝酸甘油喷雾 0.4 mg
r 745679|Salbutamol 0.09 mg inhaler|沙丁胺醇吸入剂 0.09 mg
r 895994|Fluticasone 0.044 mg inhaler|氟替卡松吸入剂 0.044 mg
c 140|Influenza vaccine|流感疫苗
c 113|Tetanus and diphtheria vaccine|破伤风白喉疫苗
c 115|Tetanus, diphtheria and pertussis vaccine|百白破加强疫苗
c 133|Pneumococcal conjugate vaccine|肺炎球菌结合疫苗
c 33|Pneumococcal polysaccharide vaccine|肺炎球菌多糖疫苗
c 62|HPV vaccine|人乳头瘤病毒疫苗
c 10|Polio vaccine|脊髓灰质炎疫苗
c 20|Diphtheria, tetanus and pertussis vaccine|百白破疫苗
c 114|Meningococcal vaccine|脑膜炎球菌疫苗
c 08|Hepatitis B vaccine|乙肝疫苗
c 43|Hepatitis B vaccine|乙肝疫苗
c 49|Hib vaccine|b型流感嗜血杆菌疫苗
c 52|Hepatitis A vaccine|甲肝疫苗
c 83|Hepatitis A vaccine|甲肝疫苗
c 121|Zoster vaccine|带状疱疹疫苗
c 03|Measles, mumps and rubella vaccine|麻腮风疫苗
c 119|Rotavirus vaccine|轮状病毒疫苗
c 21|Varicella vaccine|水痘疫苗
a AMB|Outpatient|门诊
a EMER|Emergency|急诊
a IMP|Inpatient|住院
a ACUTE|Inpatient, acute|住院（急性）
a OBSENC|Observation stay|留观
a SS|Short stay|短期住院
a HH|Home visit|家庭访视
a VR|Virtual visit|远程就诊
a FLD|Field visit|现场就诊
`

function readTerms(text: string): ReadonlyMap<string, Term> {
  return new Map(
    text
      .trim()
      .split('\n')
      .map((row): [string, Term] => {
        const [code = '', en = '', zh = ''] = row.split('|')
        return [code, { en, zh }]
      }),
  )
}

const terms = readTerms(rows)

/** The term of a code, or undefined when we have no words for it. */
export function termOf(system: string | undefined, code: string | undefined): Term | undefined {
  return terms.get(`${systems[system ?? ''] ?? system} ${code}`)
}

/** All terms by system letter and code. */
export const allTerms = terms
